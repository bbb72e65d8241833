"""`firstlight logs try`: what it prints of each line."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from firstlight.cli import logs_try
from firstlight.errors import ConfigError

NOW = 1_795_262_400 * 10**9

KEPT = {
    "format": "json",
    "ts": NOW - 10**9,
    "has_time": True,
    "severity": 13,
    "severity_text": "warn",
    "trace_id": "ab" * 16,
    "span_id": "",
    "service": "shop",
    "labels": {"service_name": "shop"},
    "attributes": {},
    "fields": {"level": "warn", "msg": "a b", "none": ""},
}


class FakeTrial:
    """Keeps every line but those that say `drop`, and changes those that say `change`."""

    def of(self, lines: Sequence[str], now_ns: int) -> Iterator[dict[str, Any]]:
        assert now_ns == NOW
        for line in lines:
            if "drop" in line:
                yield {"line": line, "dropped": "shop: drop_stage"}
            else:
                yield {"line": line, "body": line.replace("change", "changed"), **KEPT}


def run(lines: Sequence[str], *typed: str) -> dict[str, Any]:
    """Run it, and return what it was to be tried with."""
    asked: dict[str, Any] = {}

    def make(arguments: argparse.Namespace, pipeline: str | None, labels: Mapping[str, str]) -> FakeTrial:
        asked.update(pipeline=pipeline, labels=labels)
        return FakeTrial()

    parser = argparse.ArgumentParser()
    logs_try.add_arguments(parser)
    assert logs_try.run(parser.parse_args(typed), make, lines, lambda: NOW) == 0
    return asked


def test_shows_what_becomes_of_each_line(capsys: pytest.CaptureFixture[str]) -> None:
    run(["one\n", "drop me\r\n", "change\n"])

    shown = capsys.readouterr()
    assert shown.out.split("\n") == [
        "one",
        f"  format json  level warn  time 2026-11-21T11:59:59.000000000Z  trace {'ab' * 16}  service shop",
        "  labels service_name=shop",
        '  fields level=warn msg="a b" none=""',
        "drop me",
        "  dropped: shop: drop_stage",
        "change",
        f"  format json  level warn  time 2026-11-21T11:59:59.000000000Z  trace {'ab' * 16}  service shop",
        "  body changed",
        "  labels service_name=shop",
        '  fields level=warn msg="a b" none=""',
        "",
    ]
    assert "2 lines kept, 1 dropped; nothing was stored" in shown.err


def test_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    run(["one\n", "drop\n"], "--format", "json")

    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first["ts"] == "2026-11-21T11:59:59.000000000Z"
    assert first["fields"] == KEPT["fields"]
    assert second == {"line": "drop", "dropped": "shop: drop_stage"}


def test_names_the_pipeline_and_the_labels() -> None:
    asked = run([], "--pipeline", "shop", "--label", "job=api", "--label", "env=a=b")

    assert asked == {"pipeline": "shop", "labels": {"job": "api", "env": "a=b"}}


@pytest.mark.parametrize("label", ["job", "=x"])
def test_a_label_that_is_none(label: str) -> None:
    with pytest.raises(ConfigError, match="as a label; want name=value"):
        run([], "--label", label)


def test_what_a_line_has_for_the_terminal_does_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    run(["a\x1b[2Jb\n"])

    assert "\x1b" not in capsys.readouterr().out
