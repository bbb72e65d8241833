"""Files that are followed: nothing is lost or doubled, whatever becomes of them, and of us."""

from __future__ import annotations

import asyncio
import bz2
import gzip
import lzma
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from firstlight.errors import StoreBusy
from firstlight.ingest.tail.positions import Positions, PositionsUnreadable
from firstlight.ingest.tail.settings import FileSource, TailSettings
from firstlight.ingest.tail.tailer import Tailer
from firstlight.model.batch import Batch, Rejections
from tests.ingest.tail.shelf import Shelf, running, surroundings, until

pytestmark = pytest.mark.anyio


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@asynccontextmanager
async def following(shelf: Shelf, folder: Path, pattern: str = "*.log*", **told: Any) -> AsyncIterator[Tailer]:
    source = FileSource(paths=[str(folder / pattern)], **told)
    settings = TailSettings(files=[source], poll=0.05, discover=0.1, wait=0.1, max_line=1024, max_read=64 * 1024)
    with surroundings(shelf) as around:
        tailer = Tailer(settings, folder / "state" / "positions.json", around)
        async with running(tailer.run):
            yield tailer


async def settled(shelf: Shelf, wanted: list[str]) -> None:
    await shelf.settled(wanted)


async def test_what_grows(shelf: Shelf, tmp_path: Path) -> None:
    file = tmp_path / "app.log"
    file.write_text("one\n")
    async with following(shelf, tmp_path):
        await settled(shelf, ["one"])
        with file.open("a") as out:
            out.write("two\nthr")
            out.flush()
            await until(lambda: "two" in shelf.bodies)
            out.write("ee\n")
        (tmp_path / "other.log").write_text("new\n")
        await until(lambda: "new" in shelf.bodies)
    assert {row["service"] for row in shelf.rows} == {"app", "other"}


async def test_a_restart(shelf: Shelf, tmp_path: Path) -> None:
    file = tmp_path / "app.log"
    file.write_text("one\ntwo\n")
    async with following(shelf, tmp_path):
        await settled(shelf, ["one", "two"])
    with file.open("a") as out:
        out.write("three\n")
    async with following(shelf, tmp_path):
        await settled(shelf, ["one", "two", "three"])


DEATHS = [
    # what it shows                             was it stored before we died
    ("after it was stored",                     True),
    ("before it was stored",                    False),
]  # fmt: skip


@pytest.mark.parametrize("is_stored", [row[1] for row in DEATHS], ids=[row[0] for row in DEATHS])
async def test_to_die_between_storing_and_noting(shelf: Shelf, tmp_path: Path, is_stored: bool) -> None:
    (tmp_path / "app.log").write_text("one\ntwo\n")
    if is_stored:
        shelf.dies = True
    else:
        shelf.fails = [StoreBusy("cannot store: busy")] * 1000
    async with following(shelf, tmp_path):
        await until(lambda: Positions.load(tmp_path / "state" / "positions.json").intent is not None)
        if is_stored:
            await until(lambda: len(shelf.rows) > 0)
    shelf.dies, shelf.fails = False, []
    async with following(shelf, tmp_path):
        await settled(shelf, ["one", "two"])


async def test_a_store_that_is_busy(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "app.log").write_text("one\n")
    busy = StoreBusy("cannot store: busy")
    busy.retry_after = 0.05
    shelf.fails = [busy] * 3
    async with following(shelf, tmp_path):
        await settled(shelf, ["one"])


async def test_rotation_by_name(shelf: Shelf, tmp_path: Path) -> None:
    """What is written into the old file after it was renamed is read, too."""
    file = tmp_path / "app.log"
    file.write_text("one\n")
    async with following(shelf, tmp_path, "app.log"):
        await settled(shelf, ["one"])
        with file.open("a") as out:
            file.rename(tmp_path / "app.log.1")
            file.write_text("three\n")
            out.write("two\n")
        await settled(shelf, ["one", "two", "three"])


async def test_rotation_by_name_within_the_pattern(shelf: Shelf, tmp_path: Path) -> None:
    file = tmp_path / "app.log"
    file.write_text("one\n")
    async with following(shelf, tmp_path):
        await settled(shelf, ["one"])
        file.rename(tmp_path / "app.log.1")
        file.write_text("two\n")
        await settled(shelf, ["one", "two"])


async def test_rotation_while_we_were_away(shelf: Shelf, tmp_path: Path) -> None:
    file = tmp_path / "app.log"
    file.write_text("one\n")
    async with following(shelf, tmp_path):
        await settled(shelf, ["one"])
    with file.open("a") as out:
        out.write("two\n")
    file.rename(tmp_path / "app.log.1")
    file.write_text("three\n")
    async with following(shelf, tmp_path):
        await settled(shelf, ["one", "two", "three"])


@pytest.mark.parametrize(
    "again", ["x\n", "a line that is longer than what was there before\n"], ids=["shorter", "longer"]
)
async def test_copied_and_truncated(shelf: Shelf, tmp_path: Path, again: str) -> None:
    file = tmp_path / "app.log"
    file.write_text("one\ntwo\n")
    async with following(shelf, tmp_path, "app.log"):
        await settled(shelf, ["one", "two"])
        file.write_text(again)  # which truncates it first
        await settled(shelf, ["one", "two", again.strip()])


PACKERS: list[tuple[str, Callable[[bytes], bytes]]] = [
    (".gz", gzip.compress),
    (".bz2", bz2.compress),
    (".xz", lzma.compress),
    (".zst", lambda raw: bytes(pa.Codec("zstd").compress(raw, asbytes=True))),
]


@pytest.mark.parametrize(("ending", "pack"), PACKERS, ids=[row[0] for row in PACKERS])
async def test_what_is_packed(shelf: Shelf, tmp_path: Path, ending: str, pack: Callable[[bytes], bytes]) -> None:
    """It is unpacked; and what was read before it was packed is not read again."""
    lines = [f"line {number} " + "x" * 20 for number in range(200)]
    file = tmp_path / "app.log"
    file.write_text("".join(f"{line}\n" for line in lines[:150]))
    async with following(shelf, tmp_path):
        await settled(shelf, lines[:150])
    with file.open("a") as out:
        out.write("".join(f"{line}\n" for line in lines[150:]))
    (tmp_path / f"app.log.1{ending}").write_bytes(pack(file.read_bytes()))
    file.unlink()
    async with following(shelf, tmp_path):
        await settled(shelf, lines)


async def test_only_what_comes(shelf: Shelf, tmp_path: Path) -> None:
    file = tmp_path / "app.log"
    file.write_text("old\n")
    async with following(shelf, tmp_path, start="end"):
        await asyncio.sleep(0.3)
        with file.open("a") as out:
            out.write("new\n")
        (tmp_path / "b.log").write_text("a new file\n")
        await settled(shelf, ["new", "a new file"])


async def test_a_line_without_an_end(shelf: Shelf, tmp_path: Path) -> None:
    """It is cut, marked, and what follows it is read; memory stays bounded, since no more is read at a time."""
    file = tmp_path / "app.log"
    with file.open("w") as out:
        out.write("before\n" + "x" * 300_000 + "\nafter\n")
    async with following(shelf, tmp_path):
        await settled(shelf, ["before", "x" * 1024, "after"])
    long = next(row for row in shelf.rows if row["body"].startswith("x"))
    assert long["attributes"] == [("log.truncated", "true")]


async def test_a_line_without_an_end_across_restarts(shelf: Shelf, tmp_path: Path) -> None:
    file = tmp_path / "app.log"
    file.write_text("x" * 100_000)
    async with following(shelf, tmp_path):
        await settled(shelf, ["x" * 1024])
    with file.open("a") as out:
        out.write("x" * 100_000 + "\nafter\n")
    async with following(shelf, tmp_path):
        await settled(shelf, ["x" * 1024, "after"])


async def test_packed_while_it_is_read(shelf: Shelf, tmp_path: Path) -> None:
    """An archive waits until it is known how far the file was read that it was made of."""
    file = tmp_path / "app.log"
    file.write_text("one\n")
    async with following(shelf, tmp_path):
        await settled(shelf, ["one"])
        with file.open("a") as out:
            out.write("two\n")
        (tmp_path / "app.log.1.gz").write_bytes(gzip.compress(file.read_bytes()))
        file.unlink()
        file.write_text("three\n")
        await settled(shelf, ["one", "two", "three"])


async def test_what_cannot_be_noted_is_not_stored(
    shelf: Shelf, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As on a full disk: it is waited until there is room."""
    (tmp_path / "app.log").write_text("one\n")
    (tmp_path / "state").write_text("this is no folder")
    async with following(shelf, tmp_path):
        await until(lambda: "cannot note how far logs were read" in caplog.text)
        assert shelf.bodies == []
        (tmp_path / "state").unlink()
        await settled(shelf, ["one"])


async def test_many_files(shelf: Shelf, tmp_path: Path) -> None:
    wanted = []
    for number in range(300):
        text = [f"{number}.{line}" for line in range(20)]
        (tmp_path / f"s{number}.log").write_text("".join(f"{one}\n" for one in text))
        wanted += text
    async with following(shelf, tmp_path):
        await settled(shelf, wanted)


async def test_byte_order_marks(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("eins\nzwei\n", "utf-16")
    async with following(shelf, tmp_path, encoding="utf-16"):
        await settled(shelf, ["eins", "zwei"])


async def test_a_file_that_may_not_be_read(shelf: Shelf, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "bad.log.gz").write_bytes(b"this is no gzip")
    (tmp_path / "good.log").write_text("good\n")
    async with following(shelf, tmp_path):
        await settled(shelf, ["good"])
    assert "cannot read" in caplog.text
    assert "bad.log.gz" in caplog.text


async def test_labels(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("x\n")
    batches: list[Batch] = []
    append = shelf.append

    async def note(batch: Batch) -> Rejections:
        batches.append(batch)
        return await append(batch)

    shelf.append = note  # type: ignore[method-assign]  # to see what comes
    async with following(shelf, tmp_path, service="shop", labels={"job": "shop-logs"}):
        await settled(shelf, ["x"])
    labels = dict(batches[0].tables["origins"]["labels"][0].as_py())
    assert labels == {"service_name": "shop", "job": "shop-logs", "filename": str(tmp_path / "a.log")}


def test_positions_that_cannot_be_read(tmp_path: Path) -> None:
    file = tmp_path / "positions.json"
    file.write_text('{"version": 7}')

    with pytest.raises(PositionsUnreadable, match=r"positions\.json"):
        Positions.load(file)
    assert os.path.exists(file)  # noqa: PTH110 - it is left as it was
