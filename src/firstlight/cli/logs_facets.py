"""`firstlight logs facets`: which fields lines have, and with which values."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import Any, Final

from firstlight.cli import logs_span
from firstlight.cli.client import Server
from firstlight.cli.client import add_arguments as add_server
from firstlight.cli.logs_print import JSON
from firstlight.cli.logs_query import TABLE, add_query, query_of
from firstlight.cli.render import Column, Screen, as_json, count, one_line, whole_number

SUMMARY: Final = "show which fields the newest lines of a query have, and with which values"
VALUES: Final = 5

COLUMNS: Final = (
    Column("field"),
    Column("from"),
    Column("lines", is_number=True),
    Column("values", is_number=True),
    Column("the most frequent", may_fold=True),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what may stand after `logs facets`."""
    add_query(parser)
    logs_span.add_arguments(parser, "1h")
    parser.add_argument(
        "--values", metavar="N", type=whole_number(1), default=VALUES, help=f"how many values of each ({VALUES})"
    )
    parser.add_argument("--output", choices=(TABLE, JSON), default=TABLE, help=f"the form of the answer ({TABLE})")
    add_server(parser)


def run(arguments: argparse.Namespace) -> int:
    """Ask, and print the fields."""
    options = {"query": query_of(arguments), **logs_span.options(arguments), "values": str(arguments.values)}
    answer = Server.of(arguments).get("/logs/facets", options)
    screen = Screen.of(sys.stdout)
    if arguments.output == JSON:
        screen.line(as_json(answer))
        return 0
    found = answer["facets"]
    if found:
        screen.table(COLUMNS, [_row(one) for one in found])
    screen.line(screen.paint(f"({count(len(found), 'field')} of {count(answer['lines'], 'line')})", "dim"))
    return 0


def _row(one: Mapping[str, Any]) -> list[str]:
    values = ", ".join(f"{one_line(each['value']) or '(empty)'} {count(each['lines'])}" for each in one["values"])
    more = ", …" if one["distinct"] > len(one["values"]) else ""
    return [one_line(one["name"]), one["kind"], count(one["lines"]), count(one["distinct"]), values + more]
