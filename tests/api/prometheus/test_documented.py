"""docs/prometheus.md names every path and every type of error."""

from __future__ import annotations

from pathlib import Path

import pytest

from firstlight.api.prometheus.faults import STATUS
from tests.api.prometheus.conftest import Api

pytestmark = pytest.mark.anyio

PAGE = (Path(__file__).parents[3] / "docs" / "prometheus.md").read_text()


async def test_paths(api: Api) -> None:
    """All but the last, which is of what is not there."""
    assert [path for path in api.paths[:-1] if f"`{path}`" not in PAGE] == []


def test_types_of_errors() -> None:
    assert [str(kind) for kind, status in STATUS.items() if f"| `{kind}` | {status} |" not in PAGE] == []
