"""docs/sql.md names every view and every column of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from firstlight.query.sql.door import SqlDoor
from firstlight.query.sql.fence import SYSTEM_TABLES
from tests.query.sql.asking import rows_of
from tests.query.sql.test_fence import VIEWS

pytestmark = pytest.mark.anyio

PAGE = (Path(__file__).parents[3] / "docs" / "sql.md").read_text()
NAMED = set(re.findall(r"(?:`|^### )([a-z_]+)", PAGE, re.MULTILINE))


@pytest.mark.parametrize("view", sorted(VIEWS))
async def test_names_view_and_columns(door: SqlDoor, view: str) -> None:
    columns = {row[0] for row in await rows_of(door, f"DESCRIBE {view}")}

    assert {view} | columns <= NAMED


def test_names_what_may_be_read_besides() -> None:
    assert SYSTEM_TABLES <= NAMED
