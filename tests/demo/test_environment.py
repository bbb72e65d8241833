"""What the services' SDK is told: our defaults, unless somebody else decided."""

from __future__ import annotations

import pytest

from firstlight.demo.environment import DEFAULTS, environment

TOLD = [
    # what                                given                                      name                            value
    ("metrics often",                     {},                                        "OTEL_METRIC_EXPORT_INTERVAL",  "5000"),
    ("metrics as often as somebody says", {"OTEL_METRIC_EXPORT_INTERVAL": "100"},    "OTEL_METRIC_EXPORT_INTERVAL",  "100"),
    ("the rest of the environment",       {"PATH": "/bin"},                          "PATH",                         "/bin"),
    ("no proxy before loopback",          {"HTTP_PROXY": "http://proxy:3128"},       "NO_PROXY",                     "127.0.0.1,localhost"),
    ("nor before others exempted",        {"NO_PROXY": "internal"},                  "no_proxy",                     "internal,127.0.0.1,localhost"),
    ("nor before others in lower case",   {"no_proxy": "internal"},                  "NO_PROXY",                     "internal,127.0.0.1,localhost"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "name", "value"), [row[1:] for row in TOLD], ids=[row[0] for row in TOLD])
def test_tells(given: dict[str, str], name: str, value: str) -> None:
    assert environment(given)[name] == value


def test_leaves_what_it_was_given_alone() -> None:
    given = {"PATH": "/bin"}
    environment(given)

    assert given == {"PATH": "/bin"}
    assert "PATH" not in DEFAULTS
