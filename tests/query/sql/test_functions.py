"""Every function of the engine was looked at by somebody, for whether it reaches outside of the query.

`functions.txt` has those that were, but for aggregate functions and their combinations. When an engine with others comes,
look at the new ones: what reads files, speaks to others or tells of the server belongs into `fence.FUNCTIONS` (or
`fence.SOURCES`). Then add them to the list.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from firstlight.query.sql import fence
from firstlight.store.open import Store

pytestmark = pytest.mark.anyio

SEEN = Path(__file__).with_name("functions.txt")


async def test_all_functions_were_judged(store: Store) -> None:
    known = await store.readers.query(
        "SELECT name FROM system.functions WHERE NOT is_aggregate"
        " UNION DISTINCT SELECT name || '()' FROM system.table_functions ORDER BY name"
    )
    new = sorted({row["name"] for row in known.to_pylist()} - set(SEEN.read_text().split()))

    assert not new, f"judge these, then add them to {SEEN.name}: {' '.join(new)}"


def test_those_that_are_refused_exist() -> None:
    """A name with a typo would refuse nothing."""
    seen = {name.lower() for name in SEEN.read_text().split()}

    assert not fence.FUNCTIONS - seen - {"catboostevaluate"}  # which is not in the engine inside
    assert not {f"{name}()" for name in fence.SOURCES | fence.TABLE_FUNCTIONS} - seen
