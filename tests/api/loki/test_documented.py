"""The page about Loki names every path that is answered."""

from __future__ import annotations

from pathlib import Path

from starlette.routing import Route

from firstlight.api.loki.routes import PREFIX
from tests.api.loki.rig import Loki

PAGE = Path("docs/loki.md").read_text()


async def test_every_path_is_on_the_page(loki: Loki) -> None:
    """But the one of everything else."""
    paths = {route.path for route in loki.routes if isinstance(route, Route)} - {f"{PREFIX}/{{path:path}}"}
    assert [path for path in sorted(paths) if f"`{path}`" not in PAGE] == []
