"""The writer's laws: nothing is acknowledged before it is durable, and what is bad fails alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pytest

from firstlight.errors import StoreBusy, StoreError, StoreFull, StoreRefused
from firstlight.model.batch import Batch, Rejections
from firstlight.sdk.metrics import Registry
from firstlight.store.faults import Doubtful
from firstlight.store.settings import WriterSettings
from firstlight.store.writer import REFUSED, Writer
from firstlight.telemetry import StoreInstruments
from tests.store.fake_engine import FakeEngine, refuses_body
from tests.store.rows import TODAY, batch, log_batch, logs, table

pytestmark = pytest.mark.anyio

AT_ONCE = WriterSettings(max_delay=0.0)
SOON = WriterSettings(max_delay=10.0, settle=0.01)
"""Waits for whoever is there already, and for nobody else."""


def writer(engine: FakeEngine, settings: WriterSettings = SOON, **hooks: Callable[[], Any]) -> Writer:
    return Writer(engine.lane, settings, StoreInstruments(Registry()), **hooks)


async def appended(to: Writer, *batches: Batch) -> list[Rejections | BaseException]:
    return await asyncio.gather(*map(to.append, batches), return_exceptions=True)


async def ticks(count: int = 20) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_answers_when_the_engine_has_and_not_before() -> None:
    engine = FakeEngine()
    engine.gate.clear()
    answer = asyncio.create_task(writer(engine, AT_ONCE).append(log_batch("a")))
    await ticks()

    assert engine.attempts
    assert not answer.done()
    engine.gate.set()
    assert await answer == Rejections()
    assert engine.bodies == [["a"]]


async def test_requests_that_come_together_go_in_together_in_their_order() -> None:
    engine = FakeEngine()

    await appended(writer(engine), log_batch("a"), log_batch("b", "c"), log_batch("d"))

    assert engine.bodies == [["a", "b", "c", "d"]]


async def test_while_one_insert_runs_the_next_gathers() -> None:
    engine = FakeEngine()
    engine.gate.clear()
    to = writer(engine, AT_ONCE)
    first = asyncio.create_task(to.append(log_batch("a")))
    await ticks()
    others = [asyncio.create_task(to.append(log_batch(body))) for body in "bcd"]
    await ticks()
    engine.gate.set()
    await asyncio.gather(first, *others)

    assert engine.bodies == [["a"], ["b", "c", "d"]]


async def test_waits_for_those_on_their_way() -> None:
    """An insert begins when nobody else is about to come, not after a fixed time."""
    engine = FakeEngine()
    coming = 1
    to = writer(engine, upstream=lambda: coming)
    first = asyncio.create_task(to.append(log_batch("a")))
    await asyncio.sleep(0.05)
    assert not engine.attempts

    second = asyncio.create_task(to.append(log_batch("b")))
    await ticks()
    coming = 0
    await asyncio.gather(first, second)
    assert engine.bodies == [["a", "b"]]


async def test_does_not_wait_longer_than_max_delay() -> None:
    engine = FakeEngine()
    to = writer(engine, WriterSettings(max_delay=0.02, settle=0.001), upstream=lambda: 1)

    assert await to.append(log_batch("a")) == Rejections()


BLOCKS = [
    # what                                    settings                                             requests                  inserts
    ("a block is bounded by rows",            WriterSettings(max_block_rows=3, max_delay=10),      ["ab", "c", "de", "f"],   ["abc", "def"]),
    ("a request larger than a block is cut",  WriterSettings(max_block_rows=2, max_delay=10),      ["a", "bcd", "e", "f"],   ["a", "bc", "d", "ef"]),
    ("a large block does not wait",           WriterSettings(max_block_rows=2, max_delay=10, settle=10), ["ab"],             ["ab"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "requests", "inserts"), [row[1:] for row in BLOCKS], ids=[row[0] for row in BLOCKS]
)
async def test_blocks(settings: WriterSettings, requests: list[str], inserts: list[str]) -> None:
    engine = FakeEngine()

    await appended(writer(engine, settings), *(log_batch(*bodies) for bodies in requests))

    assert engine.bodies == [list(bodies) for bodies in inserts]


async def test_what_others_refer_to_goes_in_first() -> None:
    engine = FakeEngine()
    metrics = {kind: table(kind) for kind in ("exemplars", "samples", "series", "metadata", "origins", "histograms")}

    await writer(engine).append(batch(**metrics))

    assert engine.tables == ["origins", "series", "metadata", "samples", "histograms", "exemplars"]


async def test_each_signal_gets_the_origins_it_refers_to_first() -> None:
    """A request of several signals goes side by side, each after the origins."""
    engine = FakeEngine()

    await writer(engine).append(batch(origins=table("origins"), logs=logs("a"), spans=table("spans")))

    assert engine.tables.count("origins") == 2
    assert engine.tables.index("log_records") > engine.tables.index("origins")
    assert sorted(engine.tables) == ["log_records", "origins", "origins", "span_records"]


async def test_nothing_to_store_is_stored_at_once() -> None:
    engine = FakeEngine()

    assert await writer(engine).append(batch()) == Rejections()
    assert await writer(engine).append(batch(logs=logs("a").slice(0, 0))) == Rejections()
    assert not engine.attempts


async def test_origins_alone_are_stored() -> None:
    engine = FakeEngine()

    await writer(engine).append(batch(origins=table("origins")))

    assert engine.tables == ["origins"]


async def test_each_day_goes_in_by_itself() -> None:
    """An insert over two partitions could fail half way."""
    engine = FakeEngine()

    await appended(
        writer(engine), log_batch("a", "b", days=[TODAY, TODAY - 1]), log_batch("c", "d", days=[TODAY - 1, TODAY])
    )

    assert engine.bodies == [["b", "c"], ["a", "d"]]


POISON = [
    # what                                            requests               bad        refused of each   inserts, without the poison
    ("a request of its own fails alone",              ["a", "X", "b"],       "X",       [0, 1, 0],        ["a", "b"]),
    ("a row among others of its request",             ["aXb", "cd"],         "X",       [1, 0],           ["cd", "a", "b"]),
    ("the first row",                                 ["Xabc"],              "X",       [1],              ["a", "bc"]),
    ("the last row",                                  ["abcX"],              "X",       [1],              ["ab", "c"]),
    ("several rows",                                  ["XaYb"],              "XY",      [2],              ["a", "b"]),
    ("two requests with one each",                    ["aX", "Yb", "c"],     "XY",      [1, 1, 0],        ["c", "a", "b"]),
]  # fmt: skip


@pytest.mark.parametrize(
    "error", [StoreRefused, Doubtful], ids=["the engine blames the rows", "the engine blames nobody"]
)
@pytest.mark.parametrize(
    ("requests", "bad", "refused", "inserts"), [row[1:] for row in POISON], ids=[row[0] for row in POISON]
)
async def test_poison_fails_alone(
    requests: list[str], bad: str, refused: list[int], inserts: list[str], error: Callable[[str], StoreError]
) -> None:
    """Only the bad rows are refused; all others are stored, and none twice."""
    engine = FakeEngine()
    engine.judge = refuses_body(*bad, error=error)

    answers = await appended(writer(engine), *(log_batch(*bodies) for bodies in requests))

    assert answers == [Rejections({REFUSED: count} if count else {}) for count in refused]
    assert engine.bodies == [list(bodies) for bodies in inserts]


async def test_a_request_of_nothing_but_poison_is_refused_row_by_row() -> None:
    engine = FakeEngine()
    engine.judge = refuses_body("X", "Y", error=StoreRefused)

    assert await appended(writer(engine), log_batch("X", "Y")) == [Rejections({REFUSED: 2})]


async def test_an_engine_that_takes_nothing_is_not_the_rows_fault() -> None:
    """An error nobody knows refuses no row for good unless other rows went in."""
    engine = FakeEngine()
    engine.judge = refuses_body("a", "b", "c", error=Doubtful)

    answers = await appended(writer(engine), log_batch("a", "b"), log_batch("c"))

    assert [type(answer) for answer in answers] == [Doubtful, Doubtful]


async def test_looking_for_poison_is_bounded() -> None:
    """A request in which every other row is bad does not hold up the lane for thousands of inserts."""
    engine = FakeEngine()
    bodies = [f"{'bad' if number % 2 else 'good'} {number}" for number in range(4000)]
    engine.judge = refuses_body(*(body for body in bodies if body.startswith("bad")), error=StoreRefused)

    (answer,) = await appended(writer(engine), log_batch(*bodies))

    assert len(engine.attempts) < 300
    assert isinstance(answer, Rejections)
    stored = [body for bodies in engine.bodies for body in bodies]
    assert answer.total + len(stored) == 4000
    assert all(body.startswith("good") for body in stored)


@pytest.mark.parametrize("kind", ["origins", "series", "metadata"])
async def test_a_request_whose_references_are_refused_is_refused_whole(kind: str) -> None:
    """Records without what they refer to would mean nothing; the neighbours' are stored."""
    engine = FakeEngine()
    engine.judge = lambda name, rows: (
        StoreRefused("bad") if name == kind and "evil" in rows["tenant"].to_pylist() else None
    )
    record = "logs" if kind == "origins" else "samples"
    evil = batch(**{kind: table(kind, tenant=["evil"]), record: table(record, tenant=["evil"])})
    good = batch(**{kind: table(kind, tenant=["good"]), record: table(record, tenant=["good"])})

    answers = await appended(writer(engine), evil, good)

    assert isinstance(answers[0], StoreRefused)
    assert answers[1] == Rejections()
    assert [rows["tenant"].to_pylist() for _, rows in engine.inserts] == [["good"], ["good"]]


async def test_refused_rows_are_never_more_than_the_items_sent() -> None:
    """One data point may be several rows."""
    engine = FakeEngine()
    engine.judge = lambda name, rows: StoreRefused("bad") if name == "samples" else None

    rejected = await writer(engine).append(Batch({"samples": table("samples", series_id=[1, 2, 3])}, items=1))

    assert rejected == Rejections({REFUSED: 1})


FAILURES = [
    # what             the engine's error        what the sender is told
    ("a busy engine",  StoreBusy("too many"),    StoreBusy),
    ("a full disk",    StoreFull("no space"),    StoreFull),
    ("a bug of ours",  ZeroDivisionError("bug"), ZeroDivisionError),
]  # fmt: skip


@pytest.mark.parametrize(("error", "told"), [row[1:] for row in FAILURES], ids=[row[0] for row in FAILURES])
async def test_a_failed_insert_fails_all_in_it_and_none_after(error: Any, told: type[BaseException]) -> None:
    engine = FakeEngine()
    engine.judge = refuses_body("a", error=lambda _: error)
    to = writer(engine)

    answers = await appended(to, log_batch("a"), log_batch("b"))

    assert [type(answer) for answer in answers] == [told, told]
    assert not engine.inserts
    assert await to.append(log_batch("c")) == Rejections()


async def test_when_one_day_fails_the_requests_without_it_succeed() -> None:
    engine = FakeEngine()
    engine.judge = refuses_body("old", error=StoreBusy)

    answers = await appended(
        writer(engine), log_batch("new"), log_batch("old", "newer", days=[TODAY - 1, TODAY]), log_batch("newest")
    )

    assert [type(answer) for answer in answers] == [Rejections, StoreBusy, Rejections]
    assert engine.bodies == [["new", "newest"]]


async def test_one_sender_that_leaves_takes_nobodys_rows_along() -> None:
    engine = FakeEngine()
    engine.gate.clear()
    to = writer(engine)
    leaves, stays = asyncio.create_task(to.append(log_batch("a"))), asyncio.create_task(to.append(log_batch("b")))
    await asyncio.sleep(0.03)
    leaves.cancel()
    await ticks()
    engine.gate.set()

    assert await stays == Rejections()
    assert engine.bodies == [["a", "b"]]
    assert leaves.cancelled()
    assert to.queued_bytes == 0


async def test_what_waits_is_bounded_in_bytes() -> None:
    """What does not fit is told so at once, and fits again when others are done; one that is too large goes alone."""
    engine = FakeEngine()
    engine.gate.clear()
    to = writer(engine, WriterSettings(max_queue_bytes=1024, max_delay=0))
    large = log_batch("x" * 5000)
    waiting = asyncio.create_task(to.append(large))
    await ticks()

    with pytest.raises(StoreBusy) as caught:
        await to.append(log_batch("b"))

    assert caught.value.retry_after > 0
    assert to.queued_bytes == large.nbytes
    engine.gate.set()
    await waiting
    assert to.queued_bytes == 0
    assert await to.append(log_batch("b")) == Rejections()


async def test_a_full_disk_is_told_before_anything_is_tried() -> None:
    engine = FakeEngine()

    def full() -> None:
        raise StoreFull("cannot store: 1 MiB free")

    with pytest.raises(StoreFull):
        await writer(engine, check_room=full).append(log_batch("a"))

    assert not engine.attempts


async def test_a_disk_that_fills_while_rows_wait_fails_them() -> None:
    engine = FakeEngine()
    room = [None, StoreFull("cannot store: 1 MiB free")]

    def check() -> None:
        if error := room.pop(0):
            raise error

    (answer,) = await appended(writer(engine, check_room=check), log_batch("a"))

    assert isinstance(answer, StoreFull)
    assert not engine.attempts


async def test_whoever_follows_is_told_what_is_durable_and_nothing_else() -> None:
    engine = FakeEngine()
    engine.judge = refuses_body("X", error=StoreRefused)
    to = writer(engine)
    told: list[tuple[str, Sequence[str]]] = []
    to.committed.append(lambda kind, rows: told.append((kind, rows["tenant"].to_pylist())))

    await to.append(batch(origins=table("origins"), logs=table("logs", body=["a", "X"], tenant=["a", "X"])))

    assert told == [("origins", [""]), ("logs", ["a"])]


async def test_a_follower_that_fails_changes_nothing() -> None:
    """Its error is the event loop's to report; the rows are durable and the next follower is told."""
    engine = FakeEngine()
    to = writer(engine)
    told: list[str] = []
    to.committed += [lambda kind, rows: told.remove(kind), lambda kind, rows: told.append(kind)]
    reported: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: reported.append(context["exception"]))

    try:
        assert await to.append(log_batch("a")) == Rejections()
    finally:
        asyncio.get_running_loop().set_exception_handler(None)

    assert told == ["logs"]
    assert [type(error) for error in reported] == [ValueError]


async def test_closing_drains_without_waiting_for_company() -> None:
    engine = FakeEngine()
    to = writer(engine, WriterSettings(max_delay=10.0, settle=10.0))
    waiting = asyncio.create_task(to.append(log_batch("a")))
    await ticks()

    await to.close()

    assert engine.bodies == [["a"]]
    assert await waiting == Rejections()
    with pytest.raises(StoreBusy, match="stopping"):
        await to.append(log_batch("b"))


async def test_columns_in_another_order_are_stored_all_the_same() -> None:
    """A batch that is not exactly as its kind is declared does not fail its neighbours."""
    engine = FakeEngine()
    rows = logs("b")

    await appended(writer(engine), log_batch("a"), batch(logs=rows.select(rows.column_names[::-1])))

    assert engine.bodies == [["a", "b"]]


async def test_rows_that_cannot_be_of_their_kind_fail_alone() -> None:
    engine = FakeEngine()

    answers = await appended(writer(engine), log_batch("a"), batch(logs=pa.table({"body": ["b"]})))

    assert answers[0] == Rejections()
    assert isinstance(answers[1], KeyError)
    assert engine.bodies == [["a"]]


async def test_counts_what_happens() -> None:
    engine = FakeEngine()
    engine.judge = refuses_body("X", error=StoreRefused)
    registry = Registry()
    to = Writer(engine.lane, SOON, StoreInstruments(registry))

    await appended(to, log_batch("a", "X"), log_batch("b"))

    values = {
        f"{family.name}{sample.suffix}{dict(sample.labels)}": sample.value
        for family in registry.collect()
        for sample in family.samples
    }
    assert values["firstlight_store_inserted_rows_total{'kind': 'logs'}"] == 2
    assert values["firstlight_store_refused_rows_total{'kind': 'logs'}"] == 1
    assert values["firstlight_store_commit_requests_sum{'lane': 'logs'}"] == 2
    assert values["firstlight_store_queued_bytes{'lane': 'logs'}"] == 0
