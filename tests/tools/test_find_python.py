"""Which Python makes .venv, and what is said when none can."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools.source import TOP

# Stand-ins for interpreters: what each answers when it is asked whether it would do.
ANSWERS = {
    "good": "exit 0",
    "better": "exit 0",
    "old": "echo 'is Python 3.9' >&2; exit 1",
    "bare": "echo 'lacks a module (ensurepip)' >&2; exit 1",
}

CHOICES = [
    # what                      named                         chosen     complaints
    ("the first that can",      ["good", "better"],           "good",    []),
    ("not an old one",          ["old", "better"],            "better",  []),
    ("not one that is absent",  ["absent", "better"],         "better",  []),
    ("none",                    ["absent", "old", "bare"],    None,      ["absent is not installed", "old is Python 3.9", "lacks a module (ensurepip)"]),
]  # fmt: skip


def find_python(*named: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([TOP / "tools/find-python", *named], check=False, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("named", "chosen", "complaints"), [row[1:] for row in CHOICES], ids=[row[0] for row in CHOICES]
)
def test_chooses(tmp_path: Path, named: list[str], chosen: str | None, complaints: list[str]) -> None:
    for name, answer in ANSWERS.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{answer}\n")
        (tmp_path / name).chmod(0o755)

    done = find_python(*(str(tmp_path / name) for name in named))

    assert done.stdout.strip() == (str(tmp_path / chosen) if chosen else "")
    assert done.returncode == (0 if chosen else 1)
    assert [complaint for complaint in complaints if complaint not in done.stderr] == []


def test_takes_the_python_that_runs_this() -> None:
    assert find_python(sys.executable).stdout.strip() == sys.executable
