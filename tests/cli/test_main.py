"""The command line: its words, and how it speaks when it cannot do what was typed."""

from __future__ import annotations

import argparse
import subprocess
import sys
from importlib import import_module
from types import ModuleType

import pytest

from firstlight.cli.main import WORDS, main
from firstlight.errors import ConfigError, UserError

MISTYPED = [
    # what                  typed              complaint
    ("nothing",             [],                "the following arguments are required: WORD"),
    ("a word misspelt",     ["upp"],           'unknown word "upp"; did you mean "up"?'),
    ("a word unknown",      ["frobnicate"],    'unknown word "frobnicate"; want one of'),
    ("an unknown option",   ["up", "--fast"],  "unrecognized arguments: --fast"),
]  # fmt: skip

ERRORS = [
    # what             error                                          code
    ("settings",       ConfigError("cannot read x", "cannot read y"), 2),
    ("the user's",     UserError("cannot do it"),                     1),
    ("an interrupt",   KeyboardInterrupt(),                           130),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "complaint"), [row[1:] for row in MISTYPED], ids=[row[0] for row in MISTYPED])
def test_says_what_was_mistyped(typed: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(typed)

    assert exit_.value.code == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize(("error", "code"), [row[1:] for row in ERRORS], ids=[row[0] for row in ERRORS])
def test_tells_errors_without_a_traceback(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(arguments: argparse.Namespace) -> int:
        raise error

    word = ModuleType("firstlight.cli.up")
    monkeypatch.setattr(word, "SUMMARY", "fail", raising=False)
    monkeypatch.setattr(word, "add_arguments", lambda parser: None, raising=False)
    monkeypatch.setattr(word, "main", fail, raising=False)
    monkeypatch.setitem(sys.modules, "firstlight.cli.up", word)

    assert main(["up"]) == code
    assert capsys.readouterr().err == (f"{error}\n" if str(error) else "")


@pytest.mark.parametrize("word", WORDS)
def test_every_word_says_what_it_does(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main([word, "--help"])

    summary: str = import_module(f"firstlight.cli.{word}").SUMMARY
    assert exit_.value.code == 0
    assert " ".join(summary.split()) in " ".join(capsys.readouterr().out.split())


def test_help_imports_nothing_heavy() -> None:
    """What a word needs, it imports when it runs."""
    script = "import sys; from firstlight.cli.main import main\ntry: main(['--help'])\nexcept SystemExit: pass\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    heavy = {"pydantic", "pyarrow", "numpy", "chdb", "grpc", "uvicorn", "rich", "yaml"}

    assert not heavy & set(done.stdout.split())


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    words = [sys.executable, "-m", "firstlight", "config", "example"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        said = process.stderr.read()

    assert said == ""
