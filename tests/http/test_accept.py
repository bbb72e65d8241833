"""What a client would like to be answered in."""

from __future__ import annotations

import pytest

from firstlight.http.accept import media_types

READ = [
    # what                    Accept                                                  wanted
    ("nothing",               "",                                                     []),
    ("anything",              "*/*",                                                  ["*/*"]),
    ("in their order",        "text/csv, application/json",                           ["text/csv", "application/json"]),
    ("by weight",             "text/csv;q=0.5, application/json;q=0.9, */*;q=0.1",    ["application/json", "text/csv", "*/*"]),
    ("with parameters",       "Text/CSV; header=present; Q=0.5,text/html",            ["text/html", "text/csv"]),
    ("not wanted",            "text/csv;q=0",                                         []),
    ("nonsense",              "text/csv;q=much, ;;, ,",                               []),
]  # fmt: skip


@pytest.mark.parametrize(("accept", "wanted"), [row[1:] for row in READ], ids=[row[0] for row in READ])
def test_reads(accept: str, wanted: list[str]) -> None:
    assert media_types(accept) == wanted
