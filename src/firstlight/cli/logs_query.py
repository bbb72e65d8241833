"""`firstlight logs query` and `follow`: what a query in LogQL finds, lines or metrics, at once or as it comes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from firstlight.cli import logs_span
from firstlight.cli.client import Server, lines_of, read_object
from firstlight.cli.client import add_arguments as add_server
from firstlight.cli.logs_following import follow
from firstlight.cli.logs_print import ALL, JSON, RAW, TEXT, Printer
from firstlight.cli.promql_answer import print_charts, print_table, series_of
from firstlight.cli.render import Screen, as_json, note, seconds, whole_number
from firstlight.errors import ConfigError

SUMMARY: Final = "ask in LogQL: which lines there are, or how many"
FOLLOWING: Final = "print the lines that a query in LogQL keeps as they come, until Ctrl-C"

TABLE, NDJSON = "table", "ndjson"
OUTPUTS: Final = (TABLE, NDJSON, JSON, RAW)
BACKWARD: Final = "backward"
LIMIT: Final = 100
BEFORE_FOLLOWING: Final = 10
SERIES: Final = 20
"""How many series are drawn."""

PATH: Final = "/logs/query"
FOLLOW: Final = "/logs/follow"


def add_query(parser: argparse.ArgumentParser) -> None:
    """Add the query."""
    parser.add_argument(
        "query", metavar="LOGQL", help='such as \'{service_name="shop"} |= "error"\'; - reads it from standard input'
    )


def query_of(arguments: argparse.Namespace) -> str:
    """Return the query that was typed, or comes on standard input."""
    return sys.stdin.read() if arguments.query == "-" else str(arguments.query)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what may stand after `logs query`."""
    add_query(parser)
    add_options(parser)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add how what a query finds is asked for and shown."""
    logs_span.add_arguments(parser, "1h; of metrics: now")
    parser.add_argument("--limit", metavar="N", type=whole_number(1), default=LIMIT, help=f"how many lines ({LIMIT})")
    parser.add_argument(
        "--direction",
        choices=(BACKWARD, "forward"),
        default=BACKWARD,
        help="the newest lines that there are, or the oldest (backward)",
    )
    parser.add_argument("--step", metavar="DURATION", type=seconds, help="of metrics: between two points")
    parser.add_argument("--columns", metavar="NAMES", type=_columns, default=(), help="show these labels: app,pod")
    parser.add_argument("--labels", action="store_true", help="show all labels")
    parser.add_argument("--output", choices=OUTPUTS, default=TABLE, help=f"how lines are printed ({TABLE})")
    add_server(parser)


def add_following(parser: argparse.ArgumentParser) -> None:
    """Add what may stand after `logs follow`."""
    add_query(parser)
    parser.add_argument(
        "--limit",
        metavar="N",
        type=whole_number(0),
        default=BEFORE_FOLLOWING,
        help=f"how many of the newest lines come first ({BEFORE_FOLLOWING})",
    )
    parser.add_argument("--columns", metavar="NAMES", type=_columns, default=(), help="show these labels: app,pod")
    parser.add_argument("--labels", action="store_true", help="show all labels")
    parser.add_argument(
        "--output", choices=(TABLE, NDJSON, RAW), default=TABLE, help=f"how lines are printed ({TABLE})"
    )
    add_server(parser)


def run(arguments: argparse.Namespace) -> int:
    """Ask, and print the answer."""
    return ask(Server.of(arguments), query_of(arguments), arguments)


def ask(server: Server, query: str, arguments: argparse.Namespace) -> int:
    """Ask what `query` finds, and print it as the arguments say."""
    screen = Screen.of(sys.stdout)
    span = logs_span.options(arguments)
    options = {"query": query, **span, "limit": str(arguments.limit), "direction": arguments.direction}
    if arguments.step is not None:
        options["step"] = f"{round(arguments.step * 1000)}ms"
    answer = server.get(PATH, {**options, "format": "json"})
    if "logs" in answer:
        _print_lines(screen, answer, arguments, has_span=bool(span))
    else:
        _print_metrics(screen, answer, arguments.output)
    return 0


def run_following(arguments: argparse.Namespace) -> int:
    """Print the newest lines, and then what comes."""
    server, query = Server.of(arguments), query_of(arguments)

    def before() -> Sequence[Mapping[str, Any]]:
        if not arguments.limit:
            return []
        pieces = server.stream(PATH, {"query": query, "limit": str(arguments.limit)})
        return [read_object(line) for line in lines_of(pieces)][::-1]

    follow(server, FOLLOW, {"query": query}, before, printer_of(arguments))
    return 0


def printer_of(arguments: argparse.Namespace) -> Printer:
    """Return what prints lines as the arguments say."""
    form = {TABLE: TEXT, NDJSON: JSON}.get(arguments.output, arguments.output)
    return Printer(Screen.of(sys.stdout), form, ALL if arguments.labels else arguments.columns)


def _print_lines(screen: Screen, answer: Mapping[str, Any], arguments: argparse.Namespace, *, has_span: bool) -> None:
    if arguments.output == JSON:
        screen.line(as_json(answer))
        return
    rows = answer["logs"]
    # People read down to what is newest; programs take what they asked for first.
    is_read = arguments.output != NDJSON and arguments.direction == BACKWARD
    printer_of(arguments).print(rows[::-1] if is_read else rows)
    if arguments.output != TABLE:
        return
    if not rows:
        note("no lines match" if has_span else "no lines match in the last hour; --since 7d looks further back")
    elif answer["full"]:
        note(f"there may be more than these {len(rows)} lines: --limit shows more, and `logs export` all")


def _print_metrics(screen: Screen, answer: Mapping[str, Any], output: str) -> None:
    if output == RAW:
        raise ConfigError("cannot print metrics as lines: the query is one of metrics; want another --output")
    if output == JSON:
        screen.line(as_json(answer))
        return
    data = {"resultType": answer["result_type"], "result": answer["result"]}
    if output == NDJSON:
        result = data["result"]
        for each in result if data["resultType"] != "scalar" else [{"metric": {}, "value": result}]:
            screen.line(as_json(each))
    elif data["resultType"] == "matrix":
        print_charts(screen, series_of(data), SERIES)
    else:
        print_table(screen, data)


def _columns(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
