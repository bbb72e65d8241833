"""LogQL by the engine's path beside LogQL evaluated plainly, over corpora and queries that nobody chose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Final

import pytest
from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st

from firstlight.query.logql.ast import LogQuery
from firstlight.query.logql.evaluate_faults import LogqlFailed
from firstlight.query.logql.parser import parse
from firstlight.query.logql.settings import LogqlSettings
from tests.query.logql.reference.agreement import agree, lines_in, points_in, without_details
from tests.query.logql.reference.corpora import SECOND, SPAN, corpora
from tests.query.logql.reference.evaluate import lines_of, points_of
from tests.query.logql.reference.queries import log_queries, metric_queries
from tests.query.logql.reference.samples import Failed
from tools.conformance.logql_script import Entry
from tools.conformance.logql_store import ORIGIN_NS, LogStore, opened

PLAIN: Final = LogqlSettings(detected_level=False, any_field=False)
STEP: Final = 120 * SECOND
TIMES: Final = range(0, SPAN + 1, STEP)

# Shrinking would ask a store for minutes; the query that differs is told anyway.
PHASES: Final = (Phase.explicit, Phase.generate)

_tenants = count()


@pytest.fixture(scope="module")
def store() -> Iterator[LogStore]:
    """A store of lines; each corpus is that of a tenant of its own."""
    with opened(PLAIN) as it:
        yield it


def _stored(store: LogStore, entries: Sequence[Entry]) -> str:
    tenant = f"corpus-{next(_tenants)}"
    store.load({tenant: entries})
    return tenant


@settings(max_examples=25, phases=PHASES)
@given(entries=corpora(), queries=st.lists(log_queries, min_size=4, max_size=4))
def test_log_queries(store: LogStore, entries: list[Entry], queries: list[str]) -> None:
    """The same lines come out, saying the same, with the same labels."""
    tenant = _stored(store, entries)
    for query in queries:
        note(query)
        expr = parse(query)
        assert isinstance(expr, LogQuery)

        wanted = lines_of(expr, entries, 0, SPAN)
        found = lines_in(store.range(tenant, query, 0, SPAN, STEP).result, ORIGIN_NS)

        assert without_details(found) == without_details(wanted)


@settings(max_examples=25, phases=PHASES)
@given(entries=corpora(), queries=st.lists(metric_queries, min_size=6, max_size=6))
def test_metric_queries(store: LogStore, entries: list[Entry], queries: list[str]) -> None:
    """The same series come out, with the same values at the same times, or both fail."""
    tenant = _stored(store, entries)
    for query in queries:
        note(query)
        expr = parse(query)
        try:
            wanted = points_of(expr, entries, TIMES)
        except Failed as failed:
            with pytest.raises(LogqlFailed):
                store.range(tenant, query, 0, SPAN, STEP)
            note(f"fails: {failed}")
            continue

        found = points_in(store.range(tenant, query, 0, SPAN, STEP).result, ORIGIN_NS, 0)
        at = SPAN // 2
        found_now = points_in(store.instant(tenant, query, at).result, ORIGIN_NS, at)

        assert agree(query, found, wanted), f"found {found}; want {wanted}"
        now = points_of(expr, entries, [at])
        assert agree(query, found_now, now), f"found {found_now}; want {now}"
