"""docs/http-api.md names every path, parameter and code."""

from __future__ import annotations

from pathlib import Path

import pytest

from firstlight.api.native import (
    logs,
    logs_context,
    logs_export,
    logs_facets,
    logs_follow,
    logs_levels,
    logs_patterns,
    logs_query,
    metrics,
    tail,
    traces,
)
from firstlight.api.native.replies import STATUS
from firstlight.query.sql.formats import FORMATS
from tests.api.conftest import Api

pytestmark = pytest.mark.anyio

PAGE = (Path(__file__).parents[3] / "docs" / "http-api.md").read_text()


async def test_paths(api: Api) -> None:
    """As `native_routes` makes them."""
    assert [path for path in api.paths if f" {path}`" not in PAGE] == []


IN_LOGQL = (logs_query, logs_levels, logs_facets, logs_context, logs_patterns, logs_follow, logs_export)


def test_parameters() -> None:
    known = {*logs.PARAMETERS, *tail.PARAMETERS, *traces.PARAMETERS}
    known |= {name for module in IN_LOGQL for name in module.PARAMETERS}
    known |= {*metrics.USAGE_PARAMETERS, *metrics.CARDINALITY_PARAMETERS}

    assert [name for name in sorted(known) if f"`{name}`" not in PAGE] == []


def test_codes_and_forms() -> None:
    assert [str(reason) for reason in STATUS if f"`{reason}`" not in PAGE] == []
    assert [name for name in FORMATS if f"`{name}`" not in PAGE] == []
