"""Selectors find the streams that Loki would find, and what is no label of any stream wherever it stands (P3, R3)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from firstlight.errors import QueryError
from tests.query.logql.stored import Logs, Row, logs

pytestmark = pytest.mark.anyio

NASTY = "a'b\\c) OR 1=1 --"
HOST = {"service.name": "shop", "host.name": "h1", "k8s.namespace.name": "prod"}
ROWS = [
    Row(1, "one", {"app": "a", "env": "prod"}),
    Row(2, "two", {"app": "b", "env": "prod", "pod": "p-1"}),
    Row(3, "three", {"app": "b", "env": "dev", "pod": "p-2"}),
    Row(4, "nasty", {"app": "n", "text": NASTY}),
    Row(5, "two lines", {"app": "n", "text": "x\ny"}),
    Row(6, "meta", {"app": "m"}, {"user_id": "u1", "http.route": "/cart", "level": "warn"}),
    Row(7, "more meta", {"app": "m"}, {"user_id": "u2", "http.route": "/pay"}, severity=17),
    Row(8, "resource", resource=HOST, by_resource=True, trace_id=bytes.fromhex("ab" * 16)),
]


@pytest.fixture(scope="module")
async def it(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[Logs]:
    """A store with these lines."""
    async with logs(tmp_path_factory.mktemp("streams") / "store") as made:
        await made.write(ROWS)
        await made.write([Row(1, "not ours", {"app": "a"})], tenant="other")
        yield made


CASES = [
    # what                                     the selector                                  the lines
    ("one stream",                             '{app="a"}',                                  "one"),
    ("two labels",                             '{app="b", env="dev"}',                       "three"),
    ("not equal",                              '{env="prod", app!="a"}',                     "two"),
    ("a label that is missing is empty",       '{env="prod", pod=""}',                       "one"),
    ("not empty",                              '{env="prod", pod!=""}',                      "two"),
    ("an expression is whole",                 '{app=~"."}',                        "one|two|three|nasty|two lines|meta|more meta"),
    ("a part of the value is not it",          '{pod=~"p"}',                                 ""),
    ("a choice",                               '{app=~"a|n"}',                               "one|nasty|two lines"),
    ("not a choice",                           '{app=~".+", app!~"a|n|m"}',                  "two|three"),
    ("not an expression",                      '{env=~".+", pod!~"p-[12]"}',                 "one"),
    ("an expression that the empty matches",   '{app="a", pod=~".*"}',                       "one"),
    ("text that is code elsewhere",            '{text=`' + NASTY + '`}',                     "nasty"),
    ("a dot is the end of a line too",         '{text=~"x.y"}',                              "two lines"),
    ("nobody has the value",                   '{app="zz"}',                                 ""),
    ("a label of the resource",                '{service_name="shop"}',                      "resource"),
    ("dots are written as underscores",        '{k8s_namespace_name="prod"}',                "resource"),
    ("metadata, as no stream has the label",   '{user_id="u1"}',                             "meta"),
    ("metadata and a label",                   '{app="m", user_id="u2"}',                    "more meta"),
    ("metadata by expression",                 '{user_id=~"u.*"}',                           "meta|more meta"),
    ("metadata spelled with dots",             '{http_route="/pay"}',                        "more meta"),
    ("a resource that is no label",            '{host_name="h1"}',                           "resource"),
    ("the level that the sender gave",         '{level="warn"}',                             "meta"),
    ("the level by severity",                  '{level="error"}',                            "more meta"),
    ("a trace",                                '{trace_id="' + "ab" * 16 + '"}',             "resource"),
    ("what no line has",                       '{nothing="x"}',                              ""),
    ("what no line has, if it may be empty",   '{app="a", nothing=""}',                      "one"),
]  # fmt: skip


@pytest.mark.parametrize(("selector", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
async def test_selectors_find_lines(it: Logs, selector: str, expected: str) -> None:
    """Those of one tenant."""
    found = await it.texts(selector)

    assert found == [text for text in expected.split("|") if text]


async def test_a_new_stream_is_found_at_once(it: Logs) -> None:
    """What was remembered of a selector is no longer all when a stream is stored."""
    assert await it.texts('{app="new"}') == []

    await it.write([Row(20, "here", {"app": "new"})])

    assert await it.texts('{app="new"}') == ["here"]


async def test_everything_may_not_be_asked_for(it: Logs) -> None:
    """As in Loki, a selector names something."""
    with pytest.raises(QueryError, match="at least one regexp or equality matcher"):
        await it.texts('{app=~".*"}')
