"""`firstlight config`: what it says of good and bad settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from firstlight.cli.main import main


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in a directory without a file of settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FIRSTLIGHT_CONFIG", raising=False)


CHECKED = [
    # what                  text                                 words                       code  said
    ("no file",             None,                                [],                         0,    "no file: good\n"),
    ("a good file",         "retention: {logs: 7d}",             [],                         0,    "firstlight.yaml: good\n"),
    ("a file by name",      "retention: {logs: 7d}",             ["--config", "firstlight.yaml"], 0, "firstlight.yaml: good\n"),
    ("a bad file",          "retention: {log: 7d}",              [],                         2,    'firstlight.yaml:1: retention: unknown setting "log"; did you mean "logs"?\n'),
    ("a bad option",        "retention: {logs: 7d}",             ["--set", "retention.logs=x"], 2, "--set retention.logs: cannot read 'x' as a duration; want numbers with units, largest first, such as 250ms, 15s, 1h30m, 7d or 2w\n"),
    ("a file not there",    None,                                ["--config", "x.yaml"],     2,    "cannot read x.yaml: No such file or directory; want a file of settings\n"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words", "code", "said"), [row[1:] for row in CHECKED], ids=[row[0] for row in CHECKED]
)
def test_check(
    tmp_path: Path, text: str | None, words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if text is not None:
        (tmp_path / "firstlight.yaml").write_text(text)

    assert main(["config", "check", *words]) == code
    printed = capsys.readouterr()
    assert (printed.err if code else printed.out) == said


def test_the_environment_names_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other.yaml").write_text("retention: {logs: 7d}")
    monkeypatch.setenv("FIRSTLIGHT_CONFIG", "other.yaml")

    assert main(["config", "check"]) == 0
    assert capsys.readouterr().out == "other.yaml: good\n"


def test_show_tells_what_is_in_force_and_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    url = "clickhouse://me:secret@db.example:8123/telemetry"

    assert main(["config", "show", "--set", "retention.logs=7d", "--set", f"store.url={url}"]) == 0
    said = capsys.readouterr().out
    assert "  logs: 7d\n" in said
    assert "clickhouse://me:***@db.example:8123/telemetry" in said
    assert "secret" not in said


def test_the_example_is_good_and_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["config", "example"])
    example = capsys.readouterr().out
    uncommented = "\n".join(line[2:] for line in example.splitlines() if line.startswith("# "))
    main(["config", "show"])
    defaults = capsys.readouterr().out
    (tmp_path / "firstlight.yaml").write_text(uncommented)

    assert main(["config", "show"]) == 0
    assert capsys.readouterr().out == defaults
