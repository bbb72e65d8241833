"""The book of series: what is known of keys, and which rows go along with samples."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pytest

from firstlight.model.batch import Batch
from firstlight.model.series import series_id
from firstlight.model.staleness import STALE_BITS
from firstlight.model.tables import SCHEMAS
from firstlight.wire.otlp.series import LABEL_TOO_LONG, MAX_LABEL_LENGTH, MAX_LABELS, TOO_MANY_LABELS, Unfit
from firstlight.wire.prometheus.book import Book, Page
from firstlight.wire.prometheus.intake import Intake
from firstlight.wire.prometheus.labels import NO_METRIC_NAME
from firstlight.wire.remote.times import MILLISECONDS_PER_DAY, TIME_OUT_OF_RANGE
from firstlight.wire.stored import Metadata

DAY = 20_000
NOON = DAY * MILLISECONDS_PER_DAY + MILLISECONDS_PER_DAY // 2


def read(key: bytes) -> dict[str, str]:
    """Return the labels that a key of these tests means: ``name a=1 b=2``."""
    name, *pairs = key.decode().split()
    if name == "bad":
        raise Unfit("bad")
    return {"__name__": "" if name == "-" else name, **dict(pair.split("=", 1) for pair in pairs)}


def take(page: Page, *keys: bytes, time: int = NOON) -> Batch:
    intake = Intake(page)
    count = len(keys)
    intake.add_samples(page.find(list(keys)), np.full(count, time), np.arange(count, dtype=np.float64))
    return intake.batch()


def told(batch: Batch) -> list[str]:
    return sorted(batch.tables["series"]["metric"].to_pylist()) if "series" in batch.tables else []


def test_the_tables_are_those_of_the_model() -> None:
    page = Book().page("acme", read)
    intake = Intake(page)
    intake.add_metadata([Metadata("acme", "up", "gauge", "", "Whether it is.")])
    found = page.find([b"up job=a"])
    intake.add_samples(found, np.array([NOON]), np.array([1.5]), np.array([NOON - 1]))
    intake.add_exemplars(found, np.array([NOON]), np.array([2.0]), [[(b"trace_id", b"0" * 31 + b"1")]])

    batch = intake.batch()

    assert batch.items == 1
    assert {kind: table.schema for kind, table in batch.tables.items()} == {
        kind: SCHEMAS[kind] for kind in ("series", "metadata", "samples", "exemplars")
    }
    [series] = batch.tables["series"].to_pylist()
    assert series["series_id"] == series_id("up", {"job": "a"})
    assert (series["metric"], series["labels"], series["type"]) == ("up", [("job", "a")], "gauge")
    [sample] = batch.tables["samples"].select(["series_id", "value"]).to_pylist()
    assert sample == {"series_id": series["series_id"], "value": 1.5}
    assert batch.tables["samples"]["start_ts"].cast(pa.int64()).to_pylist() == [NOON - 1]


@pytest.mark.parametrize(
    ("case", "said", "time", "again"),
    [
        ("nothing is said", (), NOON, ["up"]),
        ("series are stored", ("series",), NOON, []),
        ("other rows are stored", ("samples",), NOON, ["up"]),
        ("another day begins", ("series",), NOON + MILLISECONDS_PER_DAY, ["up"]),
    ],
)
def test_series_are_sent_until_they_are_stored_for_the_day(
    case: str, said: tuple[str, ...], time: int, again: list[str]
) -> None:
    book = Book()
    page = book.page("acme", read)
    first = take(page, b"up job=a")
    for kind in said:
        book.learn(kind, first.tables[kind])

    assert told(take(page, b"up job=a", time=time)) == again, case


def test_what_is_forgotten_is_sent_again() -> None:
    book = Book()
    page = book.page("acme", read)
    book.learn("series", take(page, b"up").tables["series"])
    assert told(take(page, b"up")) == []
    assert told(take(page, b"up")) == []

    book.forget("series", DAY)

    assert told(take(page, b"up")) == ["up"]


def test_what_is_stored_is_so_for_all_pages_of_a_tenant_and_no_other() -> None:
    book = Book()
    book.learn("series", take(book.page("acme", read), b"up").tables["series"])

    assert told(take(book.page("acme", read), b"up")) == []
    assert told(take(book.page("other", read), b"up")) == ["up"]


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (b"bad", "bad"),
        (b"- a=1", NO_METRIC_NAME),
        (b"up " + b" ".join(b"l%d=x" % number for number in range(MAX_LABELS)), TOO_MANY_LABELS),
        (b"up a=" + b"x" * (MAX_LABEL_LENGTH + 1), LABEL_TOO_LONG),
    ],
    ids=["the reader refuses it", "no name", "too many labels", "a long label"],
)
def test_a_bad_series_fails_alone(key: bytes, reason: str) -> None:
    batch = take(Book().page("acme", read), b"up", key, b"down")

    assert (batch.items, batch.rejected.counts) == (2, {reason: 1})
    assert batch.tables["samples"]["value"].to_pylist() == [0.0, 2.0]


def test_a_time_that_cannot_be_kept_fails_alone() -> None:
    page = Book().page("acme", read)
    intake = Intake(page)
    intake.add_samples(page.find([b"up", b"up"]), np.array([-1, NOON]), np.zeros(2))

    assert intake.batch().rejected.counts == {TIME_OUT_OF_RANGE: 1}


def test_relabelling_is_asked_once_and_drops_without_counting() -> None:
    asked = []

    def relabel(labels: Mapping[str, str]) -> dict[str, str] | None:
        asked.append(labels["__name__"])
        return None if labels["__name__"] == "down" else {**labels, "job": "b"}

    book = Book()
    page = book.page("acme", read, relabel=relabel)
    first = take(page, b"up job=a", b"down")
    book.learn("series", first.tables["series"])
    asked.clear()
    second = take(page, b"up job=a", b"down")

    assert first.tables["series"]["labels"].to_pylist() == [[("job", "b")]]
    assert (second.items, second.rejected.total, asked) == (1, 0, [])


def test_a_full_page_starts_anew() -> None:
    page = Book().page("acme", read, limit=2)
    keys = [b"a", b"b", b"c"]
    ids = page.find(keys).ids.tolist()

    assert page.find(list(reversed(keys))).ids.tolist() == ids[::-1]
    assert page.known([b"nobody"]) == [None]


def test_the_sign_that_a_series_ended_keeps_its_bits() -> None:
    page = Book().page("acme", read)
    intake = Intake(page)
    intake.add_stale(page.find([b"up"]).ids, NOON)

    values = intake.batch().tables["samples"]["value"].to_numpy()

    assert values.view(np.uint64).tolist() == [STALE_BITS]


def test_metadata_are_sent_until_they_are_stored() -> None:
    book = Book()
    page = book.page("acme", read)

    def send(text: str) -> Batch:
        intake = Intake(page)
        intake.add_metadata([Metadata("acme", "up", "gauge", "", text)])
        intake.add_samples(page.find([b"up"]), np.array([NOON]), np.zeros(1))
        return intake.batch()

    book.learn("metadata", send("one").tables["metadata"])

    assert "metadata" not in send("one").tables
    assert send("two").tables["metadata"]["help"].to_pylist() == ["two"]
