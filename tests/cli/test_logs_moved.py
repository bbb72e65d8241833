"""`firstlight logs export` and `import`: what goes out comes back, and what cannot is told by its line (P3, issue 4)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest

from firstlight.cli import logs_import
from firstlight.cli.main import main
from tests.api.native.logs_rig import LOGS, LogsApi, logs_served
from tests.cli.answering import Answer, answering, in_berlin
from tests.cli.test_logs_words import ROWS

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _zone() -> Iterator[None]:
    with in_berlin():
        yield


async def run(it: LogsApi, *words: str) -> int:
    """Run a command about the server, which goes on in this process."""
    return await anyio.to_thread.run_sync(main, ["logs", *words, "--server", it.url])


async def test_exported_and_imported(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """What comes back is the same to the byte."""
    async with logs_served(tmp_path / "one") as one:
        await one.write(ROWS)
        assert await run(one, "export", '{app=~".+"}') == 0
    exported = capfdbinary.readouterr()
    file = tmp_path / "logs.ndjson"
    file.write_bytes(exported.out)
    async with logs_served(tmp_path / "other") as other:
        assert await run(other, "import", str(file)) == 0
        said = capfdbinary.readouterr().err
        await run(other, "export", '{app=~".+"}')
        again = capfdbinary.readouterr().out

    assert (exported.err, said) == (b"3 records\n", b"3 records stored\n")
    assert [json.loads(line)["body"] for line in exported.out.splitlines()] == [row.line for row in ROWS]
    first, second = ([_known(line) for line in text.splitlines()] for text in (exported.out, again))
    assert first == second


def _known(line: bytes) -> dict[str, Any]:
    """Return a record without the name that Loki gives to what has none."""
    record: dict[str, Any] = json.loads(line)
    record.pop("service", None)
    return record


async def test_lines_that_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By their numbers, over all batches; those beside them are stored."""
    monkeypatch.setattr(logs_import, "BATCH_LINES", 3)
    lines = [
        '{"ts":"2024-10-04T11:00:00Z","body":"a","app":"new"}',
        '{"half',
        "plain text",
        '{"ts":"soon"}',
        '{"ts":"2024-10-04T11:00:01Z"}',
    ]
    file = tmp_path / "lines"
    file.write_text("\n".join(lines))

    async with logs_served(tmp_path / "other") as other:
        assert await run(other, "import", str(file), "--service", "s1") == 1
        said = capsys.readouterr().err.splitlines()
        found = await other.told("query", query='{service_name="s1"}', since="3h")

    assert said[0].startswith("line 2: not JSON")
    assert said[1].startswith("line 4: time not readable")
    assert said[2:] == ["3 records stored, 2 refused"]
    assert [row["body"] for row in found["logs"]] == ["plain text", '{"ts":"2024-10-04T11:00:01Z"}', "a"]


def test_import_waits_for_a_busy_server(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And says how far it came if it cannot go on."""
    monkeypatch.setattr(logs_import, "WAITS", (0.0, 0.0))
    monkeypatch.setattr(logs_import, "BATCH_LINES", 1)
    (tmp_path / "lines").write_text('{"a":1}\n{"a":2}\n')
    answers = [
        Answer.of({"error": "busy"}, 503),
        Answer.of({"accepted": 1, "rejected": []}),
        *[Answer.of({"error": "cannot store now: busy"}, 503)] * 3,
    ]
    with answering({LOGS: answers}) as it:
        assert main(["logs", "import", str(tmp_path / "lines"), "--server", it.url]) == 1

    assert capsys.readouterr().err.splitlines() == [
        "1 record stored; what follows line 1 was not sent, or may not have come",
        "cannot store now: busy",
    ]


def test_an_export_that_breaks_off(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    body = b'{"ts":"2024-10-04T11:00:00Z","body":"a"}\n{"error":"it took too long","code":"timed_out"}\n'
    with answering({f"{LOGS}/export": [Answer(body, breaks_off=True)]}) as it:
        assert main(["logs", "export", "{}", "--server", it.url]) == 1

    assert capfdbinary.readouterr().err == b"it took too long\n"
