"""`firstlight traces`: the newest traces as a table, or one of them as a tree."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from firstlight.cli.client import Server
from firstlight.cli.client import add_arguments as add_server
from firstlight.cli.logs import ID_DIGITS, trace_id
from firstlight.cli.render import (
    Column,
    Screen,
    as_json,
    count,
    duration,
    local_time,
    note,
    one_line,
    seconds,
    whole_number,
)
from firstlight.cli.trace import Span, print_trace
from firstlight.errors import UserError

SUMMARY = "show traces: the newest, or one as a tree"

LIMIT: Final = 20
SINCE: Final = 3600.0
MOST_SPANS: Final = 50_000
"""How many spans of one trace are asked for."""

CANDIDATES: Final = 10
"""How many traces are listed if the first digits of an id are those of many."""

DAY: Final = 86_400
"""Seconds that a span may have begun before the newest one of its trace, to be counted with it in the list."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what may stand after `traces`."""
    parser.add_argument("trace", metavar="ID", nargs="?", help="one trace, as a tree; its first digits will do")
    parser.add_argument("--service", metavar="NAME", help="with a span of this service")
    parser.add_argument("--name", metavar="NAME", help="with a span of this name")
    parser.add_argument("--error", action="store_true", help="with a span that failed")
    parser.add_argument(
        "--min-duration", metavar="DURATION", type=seconds, help="with a span that took as long, such as 500ms"
    )
    parser.add_argument("--since", metavar="DURATION", type=seconds, help="with a span no older than this (1h)")
    parser.add_argument(
        "--limit", metavar="N", type=whole_number(1), default=LIMIT, help=f"how many of the newest ({LIMIT})"
    )
    parser.add_argument("--all", action="store_true", help="of one trace: all spans, however many")
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="for people, or lines of JSON (text)"
    )
    add_server(parser)


def main(arguments: argparse.Namespace) -> int:
    """Print the traces that were asked for."""
    server, screen = Server.of(arguments), Screen.of(sys.stdout)
    if arguments.trace is not None:
        _print_one(server, screen, trace_id(arguments.trace), arguments)
    else:
        _print_newest(server, screen, arguments)
    return 0


def _print_newest(server: Server, screen: Screen, arguments: argparse.Namespace) -> None:
    # All that is asked of a trace must hold for one span of it. Its figures are those of all its spans.
    since = SINCE if arguments.since is None else arguments.since
    asked = {
        "service": ("service = {service:String}", arguments.service),
        "name": ("name = {name:String}", arguments.name),
        "error": ("status = {error:String}", "error" if arguments.error else None),
        "shortest": ("duration_ns >= {shortest:Int64}", _scaled(arguments.min_duration, 10**9)),
    }
    told: dict[str, object] = {name: told for name, (_, told) in asked.items() if told is not None}
    conditions = "".join(f" AND {asked[name][0]}" for name in told)
    traces = list(
        server.rows(
            NEWEST.replace("/*conditions*/", conditions),
            {**told, "since": int(since * 1000), "earliest": int((since + DAY) * 1000), "limit": arguments.limit},
        )
    )
    if arguments.format == "json":
        for trace in traces:
            screen.line(as_json(trace))
    elif traces:
        screen.table(COLUMNS, [_row(trace) for trace in traces])
        screen.line(screen.paint(f"one of them as a tree: firstlight traces {traces[0]['trace_id']}", "dim"))
    else:
        note("no traces match; ask further back with --since, or see with `firstlight status` what has come in")


NEWEST: Final = """
SELECT
    trace_id, min(ts) AS begin, argMin(service, (parent_span_id != '', ts)) AS root_service,
    argMin(name, (parent_span_id != '', ts)) AS root_name,
    max(toUnixTimestamp64Nano(ts) + greatest(duration_ns, 0)) - toUnixTimestamp64Nano(min(ts)) AS duration,
    count() AS spans, countIf(status = 'error') AS errors, arraySort(groupUniqArray(20)(service)) AS services
FROM spans
WHERE ts >= now64(9) - toIntervalMillisecond({earliest:UInt64}) AND trace_id IN (
    SELECT trace_id FROM spans
    WHERE ts >= now64(9) - toIntervalMillisecond({since:UInt64})/*conditions*/
    GROUP BY trace_id ORDER BY max(ts) DESC LIMIT {limit:UInt64}
)
GROUP BY trace_id ORDER BY begin DESC
"""

COLUMNS: Final = (
    Column("time"),
    Column("trace"),
    Column("service", may_fold=True),
    Column("name", may_fold=True),
    Column("duration", is_number=True),
    Column("spans", is_number=True),
    Column("errors", is_number=True),
    Column("services", may_fold=True),
)


def _row(trace: Mapping[str, Any]) -> Sequence[str]:
    return [
        local_time(trace["begin"]),
        trace["trace_id"],
        one_line(trace["root_service"]),
        one_line(trace["root_name"]),
        duration(int(trace["duration"])),
        count(int(trace["spans"])),
        count(int(trace["errors"])) if int(trace["errors"]) else "",
        one_line(", ".join(trace["services"])),
    ]


def _scaled(told: float | None, factor: int) -> int | None:
    return None if told is None else int(told * factor)


def _print_one(server: Server, screen: Screen, digits: str, arguments: argparse.Namespace) -> None:
    whole = digits if len(digits) == ID_DIGITS else _resolved(server, digits)
    rows = list(server.rows(SPANS, {"trace": whole, "limit": MOST_SPANS + 1}))
    if not rows:
        raise _unknown(whole)
    if arguments.format == "json":
        for row in rows:
            screen.line(as_json(row))
        return
    print_trace(screen, whole, [Span.of(row) for row in rows[:MOST_SPANS]], shows_all=arguments.all)
    if len(rows) > MOST_SPANS:
        screen.line(f"only the first {count(MOST_SPANS)} spans are looked at")
    screen.line()
    screen.line(screen.paint(f"what was logged meanwhile: firstlight logs --trace {whole}", "dim"))


SPANS: Final = """
SELECT
    ts, service, name, kind, duration_ns, status, status_message, trace_id, span_id, parent_span_id, attributes, events
FROM spans WHERE trace_id = {trace:String} ORDER BY ts LIMIT {limit:UInt64}
"""


def _resolved(server: Server, digits: str) -> str:
    """Return the whole id of the one trace whose id begins so."""
    query = (
        "SELECT trace_id, min(ts) AS begin FROM spans WHERE startsWith(trace_id, {digits:String})"
        " GROUP BY trace_id ORDER BY begin DESC LIMIT {limit:UInt64}"
    )
    found = list(server.rows(query, {"digits": digits, "limit": CANDIDATES + 1}))
    if not found:
        raise _unknown(digits)
    if len(found) > 1:
        listed = "".join(f"\n  {row['trace_id']}  {local_time(row['begin'])}" for row in found[:CANDIDATES])
        more = "\n  and more" if len(found) > CANDIDATES else ""
        raise UserError(
            f"cannot tell which trace is {digits}: the ids of several begin so; want more digits{listed}{more}"
        )
    return str(found[0]["trace_id"])


def _unknown(digits: str) -> UserError:
    return UserError(
        f"cannot find the trace {digits}: no span of it is stored; want one that `firstlight traces` lists"
        " (its spans may still be on their way, or be older than traces are kept)"
    )
