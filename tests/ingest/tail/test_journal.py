"""The journal of systemd: read by journalctl, real where systemd is installed, else played from a recorded stream (R4)."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from firstlight.errors import StoreBusy
from firstlight.ingest.tail.journal import PROGRAM, JournalTailer
from firstlight.ingest.tail.notes import Notes
from firstlight.ingest.tail.positions import PositionsUnreadable
from firstlight.ingest.tail.settings import JournalLogs
from tests.ingest.tail.shelf import Shelf, running, surroundings, until

pytestmark = pytest.mark.anyio

WRITER = Path("/lib/systemd/systemd-journal-remote")

# What stands for journalctl: it plays what was recorded after a cursor, follows what is added to it, and never ends.
PLAYER = """
import sys, time
recorded, _, after = sys.argv[1], 0, [word.partition("=")[2] for word in sys.argv if word.startswith("--after-cursor")]
shown, done = 0, not after
while True:
    entries = open(recorded, "rb").read().split(b"\\n\\n")[:-1]
    for entry in entries[shown:]:
        if done:
            sys.stdout.buffer.write(entry + b"\\n\\n")
        done = done or entry.splitlines()[0] == b"__CURSOR=" + after[0].encode()
    shown = len(entries)
    sys.stdout.buffer.flush()
    if b"EXIT" in open(recorded, "rb").read():
        sys.exit("Failed to seek: it is broken")
    time.sleep(0.02)
"""

BOOT = "4f2f4c0e2c0a4f6c9f1d3a5b7c9d1e2f"


def entry(number: int, *, cursor: bool = True, message: str | None = None) -> str:
    """Return an entry as journalctl 252 was recorded to write it."""
    where = f"__CURSOR=s=48d78742814b447d80a68262c3240e9a;i={number + 1:x};b={BOOT};m={number * 1000 + 1:x}\n"
    return (
        f"{where if cursor else ''}__REALTIME_TIMESTAMP={1_790_000_000_000_000 + number * 1000}\n"
        f"__MONOTONIC_TIMESTAMP={number * 1000 + 1}\n_BOOT_ID={BOOT}\n_MACHINE_ID=0123456789abcdef0123456789abcdef\n"
        f"_HOSTNAME=box\nPRIORITY=4\n_SYSTEMD_UNIT=shop.service\nMESSAGE={message or f'line {number}'}\n\n"
    )


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@asynccontextmanager
async def following(shelf: Shelf, folder: Path, *program: str, **told: Any) -> AsyncIterator[JournalTailer]:
    with surroundings(shelf) as around:
        settings = JournalLogs(read=True, **told)
        tailer = JournalTailer(settings, folder / "journal.json", around, program or (PROGRAM,), retry=0.05)
        async with running(tailer.run):
            yield tailer


@pytest.fixture
def player(tmp_path: Path) -> tuple[str, ...]:
    script = tmp_path / "player.py"
    script.write_text(PLAYER)
    (tmp_path / "recorded").write_text("")
    return sys.executable, str(script), str(tmp_path / "recorded")


def record(folder: Path, text: str) -> None:
    with (folder / "recorded").open("a") as file:
        file.write(text)


def lines(*numbers: int) -> list[str]:
    return [f"line {number}" for number in numbers]


async def test_entries(shelf: Shelf, tmp_path: Path, player: tuple[str, ...]) -> None:
    record(tmp_path, entry(0) + entry(1))
    async with following(shelf, tmp_path, *player):
        await until(lambda: len(shelf.rows) == 2)
        record(tmp_path, entry(2))
        await shelf.settled(lines(0, 1, 2))
    assert shelf.rows[1]["ts"].value == 1_790_000_000_001_000_000
    assert shelf.rows[1]["severity"] == 13
    assert shelf.labels("line 1") == {"service_name": "shop"}
    assert shelf.resource("line 1")["host.name"] == "box"


async def test_a_restart(shelf: Shelf, tmp_path: Path, player: tuple[str, ...]) -> None:
    for number in range(3):
        record(tmp_path, entry(number))
        async with following(shelf, tmp_path, *player):
            await shelf.settled(lines(*range(number + 1)))


DEATHS = [
    ("after it was stored", True),
    ("before it was stored", False),
]


@pytest.mark.parametrize("is_stored", [row[1] for row in DEATHS], ids=[row[0] for row in DEATHS])
async def test_to_die_between_storing_and_noting(
    shelf: Shelf, tmp_path: Path, player: tuple[str, ...], is_stored: bool
) -> None:
    shelf.dies, shelf.fails = is_stored, [] if is_stored else [StoreBusy("cannot store: busy")] * 1000
    record(tmp_path, entry(0) + entry(1))
    async with following(shelf, tmp_path, *player):
        await until(lambda: Notes.load(tmp_path / "journal.json").intent is not None)
        await until(lambda: bool(shelf.rows) or not is_stored)
    shelf.dies, shelf.fails = False, []
    record(tmp_path, entry(2))
    async with following(shelf, tmp_path, *player):
        await shelf.settled(lines(0, 1, 2))


async def test_the_child_ends(
    shelf: Shelf, tmp_path: Path, player: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    """It is started again after what was read, and what it complained of is told once."""
    record(tmp_path, entry(0) + entry(1, message="EXIT"))
    async with following(shelf, tmp_path, *player):
        await shelf.settled(["line 0", "EXIT"], more=1)
    assert caplog.text.count("Failed to seek: it is broken") == 1


async def test_no_journalctl(shelf: Shelf, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with following(shelf, tmp_path, str(tmp_path / "journalctl")):
        await until(lambda: "cannot read the journal" in caplog.text)


COMMANDS = [
    # what it shows              settings                                    the cursor   what is asked for
    ("all there is",             {},                                         "",          ["--no-tail"]),
    ("only what comes",          {"start": "end"},                           "",          ["--lines=0"]),
    ("what comes after",         {"start": "end"},                           "s=1;i=2",   ["--no-tail", "--after-cursor=s=1;i=2"]),
    ("some units of elsewhere",  {"units": ["a.service"], "directory": "/j"}, "",         ["--directory=/j", "--unit=a.service", "--no-tail"]),
]  # fmt: skip


@pytest.mark.parametrize(("told", "cursor", "wanted"), [row[1:] for row in COMMANDS], ids=[row[0] for row in COMMANDS])
def test_commands(tmp_path: Path, told: dict[str, Any], cursor: str, wanted: list[str]) -> None:
    file = tmp_path / "journal.json"
    if cursor:
        Notes(file, {"cursor": cursor}).save()
    with surroundings(Shelf()) as around:
        command = JournalTailer(JournalLogs(read=True, **told), file, around).command()

    assert command == ["journalctl", "--output=export", "--follow", "--all", "--quiet", "--no-pager", *wanted]


def test_notes_that_cannot_be_read(tmp_path: Path) -> None:
    file = tmp_path / "journal.json"
    file.write_text('{"version": 1}')

    with pytest.raises(PositionsUnreadable, match=r"journal\.json.*delete it"):
        Notes.load(file)


def written(folder: Path, *numbers: int) -> None:
    """Have systemd write entries into files of a journal."""
    text = "".join(entry(number, cursor=False) for number in numbers)
    (folder / "files").mkdir(exist_ok=True)
    command = [str(WRITER), f"--output={folder / 'files' / 'a.journal'}", "-"]
    subprocess.run(command, input=text.encode(), check=True, capture_output=True)


@pytest.mark.skipif(
    not (WRITER.exists() and shutil.which("journalctl")),
    reason="journalctl and systemd-journal-remote are not installed (Debian: systemd, systemd-journal-remote)",
)
async def test_a_real_journal(shelf: Shelf, tmp_path: Path) -> None:
    """Written by systemd-journal-remote and read by journalctl, across restarts."""
    written(tmp_path, 0, 1, 2)
    async with following(shelf, tmp_path, directory=tmp_path / "files"):
        await until(lambda: len(shelf.rows) == 3)
        written(tmp_path, 3)
        await shelf.settled(lines(0, 1, 2, 3))
    written(tmp_path, 4, 5)
    async with following(shelf, tmp_path, directory=tmp_path / "files", units=["shop.service"]):
        await shelf.settled(lines(0, 1, 2, 3, 4, 5))
    async with following(shelf, tmp_path, directory=tmp_path / "files", units=["other.service"]):
        await shelf.settled(lines(0, 1, 2, 3, 4, 5))
