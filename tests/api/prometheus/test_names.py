"""Names of any characters where only the old ones fit, and back."""

from __future__ import annotations

import pytest

from firstlight.api.prometheus.names import escaped, unescaped
from firstlight.api.prometheus.times import rfc_3339

NAMES = [
    # name              underscores         dots                        values
    ("up",              "up",               "up",                       "up"),
    ("a_b:c1",          "a_b:c1",           "a__b:c1",                  "a_b:c1"),
    ("http.size",       "http_size",        "http_dot_size",            "U__http_2e_size"),
    ("http.a_b",        "http_a_b",         "http_dot_a__b",            "U__http_2e_a__b"),
    ("5xx",             "_xx",              "__xx",                     "U___35_xx"),
    ("ü😀",             "__",               "____",                     "U___fc__1f600_"),
    ("a b\n",           "a_b_",             "a__b__",                   "U__a_20_b_a_"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "underscores", "dots", "values"), NAMES, ids=[repr(row[0]) for row in NAMES])
def test_names_are_written_in_every_scheme(name: str, underscores: str, dots: str, values: str) -> None:
    assert escaped(name, "allow-utf-8") == name
    assert [escaped(name, scheme) for scheme in ("underscores", "dots", "values")] == [underscores, dots, values]
    assert unescaped(values) == name


STAYING = ["up", "U_", "U__a_", "U__a_2e", "U__a_zz_", "U__a_1234567_", "U___d800_"]


@pytest.mark.parametrize("name", STAYING)
def test_what_was_not_escaped_stays(name: str) -> None:
    assert unescaped(name) == name


TIMES = [
    (1_700_000_000_120, "2023-11-14T22:13:20.12Z"),
    (-1, "1969-12-31T23:59:59.999Z"),
    (None, "0001-01-01T00:00:00Z"),
]


@pytest.mark.parametrize(("ms", "text"), TIMES, ids=["a time", "before 1970", "never"])
def test_times_are_written_as_go_does(ms: int | None, text: str) -> None:
    assert rfc_3339(ms) == text
