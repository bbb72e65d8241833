"""The words of `firstlight demo`, their defaults, and what is said when they cannot be followed."""

from __future__ import annotations

import argparse
import re
import tomllib
from pathlib import Path

import pytest

from firstlight.demo import command
from firstlight.demo.settings import DemoSettings

TOP = Path(__file__).parents[2]

REFUSED = [
    # what                       words                                  complaint
    ("no visitors",              ["--rate", "0"],                       "cannot run the demo with --rate 0.0; want a value greater than 0"),
    ("too many visitors",        ["--rate", "1000"],                    "cannot run the demo with --rate 1000.0; want a value less than or equal to 200"),
    ("a backward duration",      ["--duration", "-1"],                  "cannot run the demo with --duration -1.0; want a value greater than 0"),
    ("OTLP/HTTP without scheme", ["--otlp-http", "127.0.0.1:4318"],     "cannot run the demo with --otlp-http 127.0.0.1:4318; want a URL that starts with http:// or https://"),
    ("OTLP/gRPC without a port", ["--otlp-grpc", "collector"],          "cannot run the demo with --otlp-grpc collector; want HOST:PORT"),
    ("no room for four ports",   ["--port", "65535"],                   "cannot run the demo with --port 65535; want a value less than or equal to 65532"),
]  # fmt: skip


def parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(words)


@pytest.mark.parametrize(("words", "complaint"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refuses(words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(parse(words)) == 2

    assert capsys.readouterr().err == f"{complaint}\n"


def test_a_port_in_use_is_told_with_its_service(capsys: pytest.CaptureFixture[str], used_port: int) -> None:
    assert command.main(parse(["--port", str(used_port)])) == 1

    assert f"cannot listen on 127.0.0.1:{used_port} for the storefront" in capsys.readouterr().err


def test_what_is_missing_is_told_with_its_cure(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "NEEDS", ("psutil", "firstlight-no-such-thing"))

    assert command.main(parse([])) == 2
    assert capsys.readouterr().err == (
        "cannot run the demo: not installed: firstlight-no-such-thing; pip install 'firstlight[demo]'\n"
    )


def test_every_setting_has_its_word() -> None:
    assert [option.name for option in command.OPTIONS] == list(DemoSettings.model_fields)


@pytest.mark.parametrize("option", command.OPTIONS, ids=lambda option: option.name)
def test_the_help_tells_the_default(option: command.Option) -> None:
    default = DemoSettings.model_fields[option.name].default
    told = re.fullmatch(r".*\((.+)\)", option.words)

    assert told is not None
    if default:
        assert told[1] == f"{default:g}" if isinstance(default, float) else str(default)


def test_needs_what_the_extra_installs() -> None:
    extras = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]["optional-dependencies"]

    assert {re.split(r"[\[<>=;, ]", line)[0] for line in extras["demo"]} == set(command.NEEDS)
