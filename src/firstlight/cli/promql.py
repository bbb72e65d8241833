"""`firstlight query promql`: ask what series are, at one time or over some, in PromQL."""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from firstlight.cli.client import Refused, Server, read_object
from firstlight.cli.client import add_arguments as add_server
from firstlight.cli.promql_answer import chart_width, print_charts, print_table, series_of, write_csv
from firstlight.cli.render import Screen, note, seconds, whole_number
from firstlight.errors import ConfigError, QueryError, Span

TABLE: Final = "table"
FORMATS: Final = (TABLE, "json", "csv")

LIMIT: Final = 20
"""How many series are drawn."""

STEPS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400)
"""Seconds between the points of a chart, if nobody says how many."""

PLACED: Final = re.compile(r'(?:invalid parameter "query": )?(\d+):(\d+): (?:parse error: )?(.*)', re.DOTALL)
"""How Prometheus says where a query is wrong: its line, and the byte of that line, both counted from 1."""

SUMMARY: Final = "ask in PromQL: what series are now or were, or how they went, as a chart"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what may stand after `query promql`."""
    parser.add_argument(
        "query",
        metavar="EXPR",
        help='such as "sum by (job) (rate(requests_total[5m]))"; - reads it from standard input',
    )
    parser.add_argument("--at", metavar="TIME", type=_moment, help="ask for this time (now)")
    parser.add_argument("--since", metavar="DURATION", type=seconds, help="draw the time from so long ago, such as 1h")
    parser.add_argument("--start", metavar="TIME", type=_moment, help="draw the time from here, instead of --since")
    parser.add_argument("--end", metavar="TIME", type=_moment, help="draw the time to here (now)")
    parser.add_argument("--step", metavar="DURATION", type=seconds, help="between two points (as the chart is wide)")
    parser.add_argument(
        "--limit", metavar="N", type=whole_number(1), default=LIMIT, help=f"how many series are drawn ({LIMIT})"
    )
    parser.add_argument("--format", choices=FORMATS, default=TABLE, help=f"the form of the answer ({TABLE})")
    add_server(parser)
    parser.set_defaults(ask=main)


def main(arguments: argparse.Namespace, clock: Callable[[], float] = time.time) -> int:
    """Ask, and print the answer."""
    server = Server.of(arguments)
    query = sys.stdin.read() if arguments.query == "-" else arguments.query
    screen = Screen.of(sys.stdout)
    span = _span(arguments, clock)
    if span is None:
        at = {} if arguments.at is None else {"time": repr(arguments.at)}
        text = _ask(server, "/query", query, at)
    else:
        start, end = span
        step = arguments.step or _step(end - start, chart_width(screen))
        options = {"start": repr(start), "end": repr(end), "step": repr(float(step))}
        text = _ask(server, "/query_range", query, options)
    answer = read_object(text)
    for words in (*answer.get("warnings", ()), *answer.get("infos", ())):
        note(words)
    _print(screen, arguments, answer["data"], text, span)
    return 0


def _print(
    screen: Screen, arguments: argparse.Namespace, data: dict[str, Any], text: bytes, span: tuple[float, float] | None
) -> None:
    match arguments.format:
        case "json":
            screen.line(text.decode())
        case "csv":
            write_csv(sys.stdout, data)
        case _ if span is not None or data["resultType"] == "matrix":
            print_charts(screen, series_of(data), arguments.limit, span)
        case _:
            print_table(screen, data)


def _ask(server: Server, path: str, query: str, options: dict[str, str]) -> bytes:
    """Return what the server answers; raise QueryError, with the place, if the query is wrong."""
    try:
        return server.prometheus(path, {"query": query, **options})
    except Refused as refused:
        placed = PLACED.fullmatch(str(refused))
        if placed is None:
            raise
        start = _place(query, int(placed[1]), int(placed[2]))
        raise QueryError(placed[3], query=query, span=Span(start, start + 1), language="PromQL") from None


def _place(query: str, line: int, column: int) -> int:
    r"""Return the character of a query that is at a byte of a line.

    >>> _place("é + )", 1, 6), _place("up\n+ )", 2, 3)
    (4, 5)
    """
    lines = query.split("\n")
    before = lines[line - 1].encode(errors="replace")[: column - 1] if line <= len(lines) else b""
    return sum(len(each) + 1 for each in lines[: line - 1]) + len(before.decode(errors="ignore"))


def _span(arguments: argparse.Namespace, clock: Callable[[], float]) -> tuple[float, float] | None:
    """Return from when to when is asked for, or None if it is one time."""
    asked = [name for name in ("since", "start", "end", "step") if getattr(arguments, name) is not None]
    if not asked:
        return None
    if arguments.at is not None:
        raise ConfigError(f"cannot ask for one time and for more: found --at and --{asked[0]}; want one of them")
    if (arguments.since is None) == (arguments.start is None):
        found = "both" if arguments.since is not None else f"--{asked[0]} alone"
        raise ConfigError(f"cannot tell when to begin: found {found}; want either --since or --start")
    end = clock() if arguments.end is None else arguments.end
    start = end - arguments.since if arguments.start is None else arguments.start
    if end <= start:
        raise ConfigError("cannot ask for a time that ends before it begins; want --end after --start")
    return start, end


def _step(length: float, width: int) -> float:
    """Return the seconds between two points so that each has a cell of its own, as round as can be.

    >>> _step(3600, 60), _step(59, 60), _step(365 * 86_400, 100)
    (60, 1, 345600)
    """
    wanted = length / width
    days = -(-wanted // 86_400)
    return next((step for step in STEPS if step >= wanted), int(days) * 86_400)


def _moment(text: str) -> float:
    """Return a time: seconds since 1970, or as RFC 3339 has it; without a zone, of the clocks here."""
    try:
        return float(text) if re.fullmatch(r"-?[0-9.]+", text) else datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(
            f"cannot read {text!r}; want seconds since 1970, or a time such as 2026-01-31T12:00:00Z"
        ) from None
