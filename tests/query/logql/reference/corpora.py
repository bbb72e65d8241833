"""Corpora for hypothesis: streams of lines of all kinds, with structured metadata, and with what goes wrong in them."""

from __future__ import annotations

import json
from typing import Any, Final

from hypothesis import strategies as st

from tests.query.logql.reference.labels import Labels
from tools.conformance.logql_script import Entry

SECOND: Final = 10**9
SPAN: Final = 600 * SECOND
"""How long the time is from which lines are."""

STREAMS: Final[tuple[Labels, ...]] = (
    (("app", "a"), ("env", "p")),
    (("app", "a"), ("env", "q")),
    (("app", "b"), ("env", "p"), ("level", "sent")),
    (("app", "c"),),
)

LEVELS: Final = ("info", "warn", "error", "")
STATUSES: Final = ("200", "404", "500", "5e2", "none")
DURATIONS: Final = ("10ms", "1.5s", "2m", "1h1m", "-3s", "slow")
SIZES: Final = ("5KB", "1024", "2 KiB", "1.5MB", "big")
ADDRESSES: Final = ("10.0.0.7", "10.1.2.3", "192.168.1.5", "::1", "2001:db8::2")
MESSAGES: Final = ("done", "not found", 'say "hi"', "ünï", "", "retry in 5s")

fields = st.fixed_dictionaries(
    {"status": st.sampled_from(STATUSES), "msg": st.sampled_from(MESSAGES)},
    optional={
        "level": st.sampled_from(LEVELS),
        "dur": st.sampled_from(DURATIONS),
        "size": st.sampled_from(SIZES),
        "ip": st.sampled_from(ADDRESSES),
        "n": st.sampled_from(["0", "1", "2.5", "-4", "100"]),
        "app": st.just("told"),
        "a.b": st.just("dotted"),
        "7th": st.just("digit"),
        "trace": st.sampled_from(["t1", "t2"]),
    },
)
nested: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "user": st.fixed_dictionaries({"id": st.sampled_from(["u1", "u2"])}, optional={"tags": st.just(["x", "y"])}),
        "ok": st.booleans(),
        "gone": st.none(),
        "count": st.integers(0, 20),
        "list": st.just([1, "two", {"three": 3}]),
    },
)


def as_json(members: dict[str, Any]) -> str:
    """Return JSON without blanks."""
    return json.dumps(members, separators=(",", ":"))


def as_logfmt(members: dict[str, str]) -> str:
    """Return logfmt, quoted where it must be."""
    return " ".join(f"{key}={_quoted(value)}" for key, value in members.items())


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False) if " " in value or '"' in value else value


def as_plain(members: dict[str, str]) -> str:
    """Return a line such as those of an access log."""
    return f'{members.get("ip", "-")} - [{members.get("level", "-")}] "{members["msg"]}" {members["status"]}'


json_lines = st.builds(lambda one, two: as_json({**one, **two}), fields, nested)
logfmt_lines = fields.map(as_logfmt)
plain_lines = fields.map(as_plain)
packed_lines = st.builds(
    lambda members, line: as_json({**members, "_entry": line}),
    st.fixed_dictionaries({}, optional={"pod": st.sampled_from(["p1", "p2"]), "app": st.just("packed")}),
    logfmt_lines,
)
odd_lines = st.sampled_from(
    [
        "\x1b[31merror\x1b[0m red",
        'level=info msg="open',
        "level=info =x msg=late",
        "just words",
        "[1,2]",
        "keys without values",
        '{"level":"info","msg":"cut',
        '{"level":"warn","status":500} and more',
        '{ "level" : "error" , "level" : "info", "app":"twice" }',
        '{"a":{"b":{"c":1,"d":""}},"a_b_d":"again","":"nameless","é":"accent"}',
        "{}",
        'a= b="" c=1 c=2 =d e==f g',
    ]
)
lines = st.one_of(json_lines, logfmt_lines, plain_lines, packed_lines, odd_lines)

metadata = st.fixed_dictionaries(
    {},
    optional={
        "trace": st.sampled_from(["m1", "m2"]),
        "env": st.just("metadata"),
        "weight": st.sampled_from(["1", "2.5", "heavy"]),
    },
)


@st.composite
def corpora(draw: st.DrawFn) -> list[Entry]:
    """Some lines, no two of them at the same time."""
    times = draw(st.lists(st.integers(0, SPAN // (SECOND // 4)), min_size=1, max_size=25, unique=True))
    return [
        Entry(
            labels=draw(st.sampled_from(STREAMS)),
            ts=time * (SECOND // 4),
            line=draw(lines),
            metadata=tuple(sorted(draw(metadata).items())),
        )
        for time in sorted(times)
    ]
