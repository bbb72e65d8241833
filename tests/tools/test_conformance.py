"""The conformance runner: what it counts, what it says, and when it fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.conformance.__main__ import main
from tools.conformance.case import Case, Kind, expect
from tools.conformance.otlp import json_cases
from tools.conformance.score import score


def lines_are_even(folder: Path) -> Iterator[Case]:
    """Yield a case for each file of numbers: it holds if the number is even, and breaks if it is none."""
    for path in sorted(folder.glob("*.number")):
        yield Case(path.stem, lambda path=path: expect(int(path.read_text()) % 2, 0, of="the remainder"))  # type: ignore[misc]


def breaks_half_way(folder: Path) -> Iterator[Case]:
    yield Case("before", lambda: None)
    raise OSError(f"{folder.name} is gone")


NUMBERS = Kind("numbers", "wire/numbers", lines_are_even)
BROKEN = Kind("broken", "wire/numbers", breaks_half_way)
ELSEWHERE = Kind("elsewhere", "wire/letters", lines_are_even)

RUNS = [
    # what                        kinds                  arguments     exit  the last lines
    ("all pass",                  [NUMBERS],             [],           0,    ["numbers: 2/2"]),
    ("one kind of two",           [NUMBERS, BROKEN],     ["numbers"],  0,    ["numbers: 2/2"]),
    ("no material of that kind",  [NUMBERS, ELSEWHERE],  [],           0,    ["numbers: 2/2", "elsewhere: 0/0"]),
    ("a kind that breaks",        [BROKEN, NUMBERS],     [],           1,    ["broken: 1/2", "numbers: 2/2"]),
]  # fmt: skip

REFUSED = [
    # what                  material   kinds        complaint
    ("no such folder",      "nowhere", [],          "nowhere is not a folder; name it by CONFORMANCE=<folder>"),
    ("no such kind",        ".",       ["letters"], "no kind is called letters; want one of numbers"),
]  # fmt: skip


@pytest.fixture
def material(tmp_path: Path) -> Path:
    folder = tmp_path / "wire" / "numbers"
    folder.mkdir(parents=True)
    (folder / "two.number").write_text("2")
    (folder / "four.number").write_text("4")
    return tmp_path


@pytest.mark.parametrize(
    ("kinds", "arguments", "code", "lines"), [row[1:] for row in RUNS], ids=[row[0] for row in RUNS]
)
def test_runs(
    material: Path,
    kinds: list[Kind],
    arguments: list[str],
    code: int,
    lines: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([str(material), *arguments, "--failures", str(material / "failures.txt")], kinds=kinds) == code

    assert capsys.readouterr().out.splitlines()[-len(lines) :] == lines


@pytest.mark.parametrize(
    ("folder", "kinds", "complaint"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_refuses(
    material: Path, folder: str, kinds: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([str(material / folder), *kinds], kinds=[NUMBERS])

    assert complaint in capsys.readouterr().err


def test_lists_what_failed_and_why(material: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (material / "wire/numbers/three.number").write_text("3")
    (material / "wire/numbers/word.number").write_text("six")
    failures = material / "build" / "failures.txt"

    assert main([str(material), "--failures", str(failures)], kinds=[NUMBERS]) == 1

    assert capsys.readouterr().out == f"what failed is in {failures}\nnumbers: 2/4\n"
    assert failures.read_text().startswith("numbers: three\n    the remainder: found 1; want 0\n\nnumbers: word\n")
    assert "invalid literal for int()" in failures.read_text()


def test_reads_otlp_json(tmp_path: Path) -> None:
    span = '{"traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "name": "GET /", "kind": 2}'
    (tmp_path / "good.json").write_text(f'{{"resourceSpans": [{{"scopeSpans": [{{"spans": [{span}]}}]}}]}}')
    (tmp_path / "odd.json").write_text(
        '{"resourceLogs": [{"scopeLogs": [{"logRecords": [{"severityNumber": "loud"}]}]}]}'
    )

    found = score(Kind("otlp-json", ".", json_cases), tmp_path)

    assert (found.total, [failure.case for failure in found.failures]) == (2, ["odd.json"])
