"""`firstlight query`: ask what the server holds, in SQL or in PromQL."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final, cast

from firstlight.cli import promql
from firstlight.cli.client import FORMATS, BrokenOff, Refused, Server, read_object, told
from firstlight.cli.client import add_arguments as add_server
from firstlight.cli.render import Column, Screen, count, duration, one_line, value
from firstlight.errors import UserError

SUMMARY = "ask for anything, in SQL or PromQL"

TABLE: Final = "table"

WRAPPED = re.compile(r"^(?:(?:LowCardinality|Nullable)\()*")
NUMBER = re.compile(r"U?Int\d+|B?Float\d+|Decimal")
TIME = re.compile(r"DateTime")
SHORT = re.compile(r"Date|Bool|UUID|Enum|IPv")
"""Types whose values are short and lose their meaning in pieces."""

FAILURE: Final = b'{"error":'
LAST_WORDS: Final = 65_536
"""Bytes from the end of an answer in which the failure that ended it is looked for."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what may stand after `query`."""
    add_server(parser)
    languages = parser.add_subparsers(metavar="LANGUAGE", required=True)
    words = "ask in ClickHouse's SQL, read-only; SHOW TABLES lists what there is"
    sql = languages.add_parser("sql", help=words, description=words)
    sql.add_argument(
        "query",
        metavar="QUERY",
        help='such as "SELECT service, count() FROM logs GROUP BY service"; - reads it from standard input',
    )
    sql.add_argument(
        "--param",
        dest="parameters",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        type=_parameter,
        help="the value of a {NAME:Type} in the query; may be given again",
    )
    sql.add_argument("--format", choices=(TABLE, *FORMATS), default=TABLE, help=f"the form of the answer ({TABLE})")
    add_server(sql)
    sql.set_defaults(ask=_ask_sql)
    promql.add_arguments(languages.add_parser("promql", help=promql.SUMMARY, description=promql.SUMMARY))


def main(arguments: argparse.Namespace) -> int:
    """Ask, and print the answer."""
    return cast(int, arguments.ask(arguments))


def _ask_sql(arguments: argparse.Namespace) -> int:
    server = Server.of(arguments)
    if arguments.format == "arrow" and sys.stdout.isatty():
        raise UserError("cannot print Arrow on a terminal: it is no text; send it to a file, as in > answer.arrow")
    query = sys.stdin.read() if arguments.query == "-" else arguments.query
    parameters = dict(arguments.parameters)
    if arguments.format == TABLE:
        _print_table(Screen.of(sys.stdout), server.answer(query, parameters))
        return 0
    pieces = server.pieces(query, parameters, arguments.format)
    if arguments.format == "json":
        text = b"".join(pieces)
        sys.stdout.buffer.write(text)
        read_object(text)  # it may say at its end that it failed
    else:
        _copy(pieces)
    return 0


def _copy(pieces: Iterable[bytes]) -> None:
    """Write an answer as it comes; if it breaks off, raise what its last words say of that."""
    end = b""
    try:
        for piece in pieces:
            sys.stdout.buffer.write(piece)
            end = (end + piece)[-LAST_WORDS:]
    except BrokenOff:
        with suppress(ValueError):
            fault = json.loads(end[end.rindex(FAILURE) :])
            raise Refused(told(fault), 200) from None
        raise


def _parameter(text: str) -> tuple[str, str]:
    name, equals, told = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"cannot read {text!r}; want NAME=VALUE")
    return name, told


def _print_table(screen: Screen, answer: dict[str, Any]) -> None:
    types = [WRAPPED.sub("", column["type"]) for column in answer["columns"]]
    columns = [
        Column(one_line(column["name"]), bool(NUMBER.match(type_)), may_fold=not _is_short(type_))
        for column, type_ in zip(answer["columns"], types, strict=True)
    ]
    rows = [*answer["rows"], *([answer["totals"]] if "totals" in answer else [])]
    screen.table(columns, [[_cell(read, type_) for read, type_ in zip(row, types, strict=True)] for row in rows])
    screen.line(screen.paint(_summary(answer), "dim"))


def _is_short(type_: str) -> bool:
    return any(pattern.match(type_) for pattern in (NUMBER, TIME, SHORT))


def _cell(read: Any, type_: str) -> str:
    """Return a value as it is shown; of times without the zeros at their end."""
    if TIME.match(type_) and isinstance(read, str):
        whole, point, fraction = read.removesuffix("Z").replace("T", " ").partition(".")
        kept = fraction.rstrip("0")
        return f"{whole}{point if kept else ''}{kept}{'Z' if read.endswith('Z') else ''}"
    return value(read)


def _summary(answer: dict[str, Any]) -> str:
    took = answer["statistics"]
    rows = count(answer["row_count"], "row")
    totals = " and their totals" if "totals" in answer else ""
    more = "; there are more: narrow the query, or use --format ndjson" if answer["truncated"] else ""
    seconds, read = duration(took["elapsed_seconds"] * 1e9), count(took["rows_read"], "row")
    return f"({rows}{totals} in {seconds}, {read} read{more})"
