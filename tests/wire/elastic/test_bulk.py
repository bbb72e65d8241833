"""Bodies of bulk requests, the good and the bad, and answers cut down to what is wanted of them."""

from __future__ import annotations

from typing import Any

import pytest

from firstlight.wire.elastic.bulk import MalformedBulk, read_bulk
from firstlight.wire.elastic.filter_path import filtered

READ = [
    # what                    body                                                       op, index, id, whether it has a document
    ("index",                 b'{"index":{"_index":"a"}}\n{}\n',                         [("index", "a", "", True)]),
    ("create with an id",     b'{"create":{"_index":"a","_id":"1"}}\n{}\n',              [("create", "a", "1", True)]),
    ("the index of the path", b'{"create":{}}\n{}\n',                                    [("create", "here", "", True)]),
    ("a number as id",        b'{"index":{"_id":7}}\n{}\n',                              [("index", "here", "7", True)]),
    ("create by op_type",     b'{"index":{"op_type":"create"}}\n{}\n',                   [("create", "here", "", True)]),
    ("delete has none",       b'{"delete":{"_id":"1"}}\n{"index":{}}\n{}\n',             [("delete", "here", "1", False), ("index", "here", "", True)]),
    ("a document that is bad", b'{"index":{}}\n{"a":\n{"index":{}}\n{}\n',               [("index", "here", "", False), ("index", "here", "", True)]),
    ("one that is no object", b'{"index":{}}\n[1]\n{"index":{}}\n{}\n',                  [("index", "here", "", False), ("index", "here", "", True)]),
    ("empty lines between",   b'\n{"index":{}}\n{}\n\n\n{"index":{}}\n{}\n\n',           [("index", "here", "", True)] * 2),
    ("types of old",          b'{"index":{"_index":"a","_type":"_doc"}}\r\n{}\r\n',      [("index", "a", "", True)]),
]  # fmt: skip

REFUSED = [
    # what                      body                                    type                                in the words
    ("nothing",                 b"",                                    "parse_exception",                  "request body is required"),
    ("no line end",             b'{"index":{}}\n{}',                    "illegal_argument_exception",       "must be terminated by a newline"),
    ("an unknown action",       b'{"del":{}}\n',                        "illegal_argument_exception",       "Malformed action/metadata line [1]"),
    ("no object",               b'{"index":{}}\n{}\n["x"]\n{}\n',       "illegal_argument_exception",       "Malformed action/metadata line [3]"),
    ("no JSON",                 b"index\n{}\n",                         "x_content_parse_exception",        "Malformed action/metadata line [1]"),
    ("an unknown parameter",    b'{"index":{"_indexx":"a"}}\n{}\n',     "illegal_argument_exception",       "unknown parameter [_indexx]"),
    ("no index",                b'{"index":{}}\n{}\n',                  "action_request_validation_exception", "Validation Failed: 1: index is missing;"),
    ("an id too long",          b'{"index":{"_id":"' + b"x" * 600 + b'"}}\n{}\n', "action_request_validation_exception", "is too long"),
    ("no document",             b'{"index":{}}\n',                      "illegal_argument_exception",       "is missing"),
]  # fmt: skip

ANSWER = {
    "took": 3,
    "errors": False,
    "items": [{"index": {"_id": "a", "status": 201}}, {"create": {"_id": "b", "error": {"type": "t"}}}],
}

FILTERED = [
    # what                   expression                            answer
    ("a name",               "took",                               {"took": 3}),
    ("below any",            "items.*.error",                      {"items": [{"create": {"error": {"type": "t"}}}]}),
    ("two",                  "errors,items.*.status",              {"errors": False, "items": [{"index": {"status": 201}}]}),
    ("anywhere",             "**._id",                             {"items": [{"index": {"_id": "a"}}, {"create": {"_id": "b"}}]}),
    ("without",              "-items",                             {"took": 3, "errors": False}),
    ("what is not there",    "hits.hits",                          {}),
    ("a part of a name",     "t*",                                 {"took": 3}),
]  # fmt: skip


@pytest.mark.parametrize(("body", "wanted"), [row[1:] for row in READ], ids=[row[0] for row in READ])
def test_a_body_is_read(body: bytes, wanted: list[tuple[str, str, str, bool]]) -> None:
    """The actions of a body, and whether each has a document."""
    items = read_bulk(body, "here")
    assert [(one.action.op, one.action.index, one.action.id, one.fields is not None) for one in items] == wanted


@pytest.mark.parametrize(("body", "kind", "words"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_a_body_is_refused(body: bytes, kind: str, words: str) -> None:
    """A body that cannot be read is refused with the type and the words that clients know."""
    with pytest.raises(MalformedBulk) as refused:
        read_bulk(body, "" if kind == "action_request_validation_exception" and b"_id" not in body else "here")
    assert refused.value.kind == kind
    assert words in str(refused.value)


@pytest.mark.parametrize(("expression", "wanted"), [row[1:] for row in FILTERED], ids=[row[0] for row in FILTERED])
def test_an_answer_is_cut_down(expression: str, wanted: Any) -> None:
    """What `filter_path` leaves."""
    assert filtered(ANSWER, expression) == wanted
