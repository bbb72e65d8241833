"""What there is: labels, values, series, metadata, exemplars, and what makes the most series (C1)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest

from firstlight.model.batch import Batch
from firstlight.query.metrics.cardinality import Counted, read_cardinality
from firstlight.query.metrics.catalogue import Catalogue, Listed, Meaning
from firstlight.query.metrics.exemplars import Exemplar, SeriesExemplars, read_exemplars
from tests.query.metrics.shop import DAY, NOW, Shop, labelled, matchers, row, shop
from tests.query.world import columns
from tests.store.rows import TODAY

pytestmark = pytest.mark.anyio

ROWS = [
    row("up", "job=a,instance=x"),
    row("up", "job=b,instance=y,empty="),
    row("requests_total", "job=a,code=200"),
    row("requests_total", "job=a,code=500"),
    row("old_total", "job=c,era=past", {-DAY: 1.0}),
    row("foreign", "job=z,secret=1", tenant="other"),
    row("took", "job=a,own=1", type="histogram", origin=7),
    row("took_count", "job=a", type="histogram", origin=7),
    row("size", "job=a", type="histogram", origin=7),
]
METADATA = [
    ("up", "gauge", "Whether it is up.", "", TODAY),
    ("up", "gauge", "Whether it was up.", "", TODAY - 1),
    ("requests_total", "counter", "Requests.", "", TODAY),
    ("requests_total", "counter", "Requests.", "", TODAY - 1),
    ("size", "histogram", "Sizes.", "bytes", TODAY),
]


@pytest.fixture(scope="module")
async def it(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[Shop]:
    """A store with all of this; `up` of job a has three exemplars, one of them twice."""
    names = ("metric", "type", "help", "unit", "day")
    told = [{"tenant": "default", **dict(zip(names, each, strict=True))} for each in METADATA]
    one = ROWS[0]
    examples = [
        {"tenant": "default", "series_id": one.id, "ts": NOW + ts, "value": float(ts), **more}
        for ts, more in (
            (1, {"trace_id": bytes(15) + b"\x2a", "attributes": [("user", "u")]}),
            (0, {"span_id": bytes(7) + b"\x07", "trace_id": bytes(15) + b"\x01"}),
            (0, {"span_id": bytes(7) + b"\x07", "trace_id": bytes(15) + b"\x01"}),
            (9, {}),
        )
    ]
    tables = {"metadata": columns("metadata", iter(told)), "exemplars": columns("exemplars", iter(examples))}
    async with shop(tmp_path_factory.mktemp("catalogue"), ROWS) as made:
        await made.add(Batch(tables, items=1))
        yield made


NAMES = [
    # what                                   selectors                                        from  limit   the names                            more
    ("of all series of the day",             [],                                              0,    0,      "__name__ code instance job",        False),
    ("of two days",                          [],                                              -DAY, 0,      "__name__ code era instance job",    False),
    ("of series that match",                 [["__name__ = up"]],                             0,    0,      "__name__ instance job",             False),
    ("of series that match one or another",  [["instance = x"], ["code = 500"]],              0,    0,      "__name__ code instance job",        False),
    ("of nothing",                           [["__name__ = x"]],                              0,    0,      "",                                  False),
    ("some of them",                         [],                                              0,    2,      "__name__ code",                     True),
    ("as many as there are",                 [],                                              0,    4,      "__name__ code instance job",        False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("selectors", "since", "limit", "names", "more"), [case[1:] for case in NAMES], ids=[case[0] for case in NAMES]
)
async def test_names_of_labels(
    it: Shop, selectors: Sequence[Sequence[str]], since: int, limit: int, names: str, more: bool
) -> None:
    """Sorted; labels that are empty, or of series that PromQL does not see, are not there."""
    wanted = [matchers(*texts) for texts in selectors]

    found = await Catalogue(it.readers).label_names("default", wanted, NOW + since, NOW, limit=limit)

    assert found == Listed(names.split(), cut=more)


VALUES = [
    # what                    label        selectors                   limit  the values                            more
    ("of a label",            "job",       [],                         0,     "a b",                                False),
    ("of series that match",  "job",       [["instance =~ y|z"]],      0,     "b",                                  False),
    ("of the name",           "__name__",  [],                         0,     "requests_total size took_count up",  False),
    ("of the name, by label", "__name__",  [["code != "]],             0,     "requests_total",                     False),
    ("of no label",           "none",      [],                         0,     "",                                   False),
    ("of code",               "x'] OR 1",  [],                         0,     "",                                   False),
    ("some",                  "job",       [],                         1,     "a",                                  True),
]  # fmt: skip


@pytest.mark.parametrize(
    ("label", "selectors", "limit", "values", "more"), [case[1:] for case in VALUES], ids=[case[0] for case in VALUES]
)
async def test_values_of_labels(
    it: Shop, label: str, selectors: Sequence[Sequence[str]], limit: int, values: str, more: bool
) -> None:
    """Sorted, without the empty one."""
    wanted = [matchers(*texts) for texts in selectors]

    found = await Catalogue(it.readers).label_values("default", label, wanted, NOW, NOW, limit=limit)

    assert found == Listed(values.split(), cut=more)


async def test_series_are_listed_once(it: Shop) -> None:
    """Sorted by their labels, whichever selector they match."""
    wanted = [matchers("__name__ = up"), matchers("job = b"), matchers("__name__ =~ took.*")]
    catalogue = Catalogue(it.readers)

    found = await catalogue.series("default", wanted, NOW, NOW)
    some = await catalogue.series("default", wanted, NOW, NOW, limit=2)

    up = [labelled("up", instance="x", job="a"), labelled("up", instance="y", job="b")]
    assert found == Listed([labelled("took_count", job="a"), *up], cut=False)
    assert (len(some.items), some.cut) == (2, True)


async def test_metadata_are_told_by_metric(it: Shop) -> None:
    """Each meaning once, the newest first."""
    catalogue = Catalogue(it.readers)
    up = [Meaning("gauge", "Whether it is up.", ""), Meaning("gauge", "Whether it was up.", "")]

    everything = await catalogue.metadata("default", NOW - DAY, NOW)
    one = await catalogue.metadata("default", NOW - DAY, NOW, metric="up", per_metric=1)
    two = await catalogue.metadata("default", NOW - DAY, NOW, limit=2)

    assert everything["up"] == up
    assert everything["requests_total"] == [Meaning("counter", "Requests.", "")]
    assert everything["size"] == [Meaning("histogram", "Sizes.", "bytes")]
    assert one == {"up": up[:1]}
    assert list(two) == ["requests_total", "size"]


async def test_exemplars_are_told_by_series(it: Shop) -> None:
    """By time, each once, with their trace among the labels; only of the range."""
    found = await it.source.find("default", matchers("__name__ = up"), NOW, NOW)

    told = await read_exemplars(it.readers, "default", found, NOW, NOW + 5)

    first = Exemplar((("span_id", "0" * 15 + "7"), ("trace_id", "0" * 31 + "1")), 0.0, NOW)
    second = Exemplar((("trace_id", "0" * 30 + "2a"), ("user", "u")), 1.0, NOW + 1)
    assert told == [SeriesExemplars(labelled("up", instance="x", job="a"), [first, second])]


async def test_what_makes_the_most_series_is_told(it: Shop) -> None:
    """Series by metric and by pair, values and bytes by label."""
    told = await read_cardinality(it.readers, "default", NOW, NOW, limit=2)

    assert told.series == 7
    assert told.labels == 5  # with `own`, which is stored if not seen
    assert told.series_by_metric == [Counted("requests_total", 2), Counted("up", 2)]
    assert told.values_by_label == [Counted("__name__", 5), Counted("code", 2)]
    assert told.bytes_by_label == [Counted("__name__", 34), Counted("code", 6)]
    assert told.series_by_pair == [Counted("job=a", 6), Counted("__name__=requests_total", 2)]
