"""`firstlight logs context`: what stands around a line."""

from __future__ import annotations

import argparse
import sys
from typing import Final

from firstlight.cli.client import Server
from firstlight.cli.client import add_arguments as add_server
from firstlight.cli.logs_print import JSON
from firstlight.cli.logs_query import OUTPUTS, TABLE, printer_of, query_of
from firstlight.cli.logs_span import moment
from firstlight.cli.render import Screen, as_json, note, whole_number

SUMMARY: Final = "show the lines before and after a time in one stream"
AROUND: Final = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what may stand after `logs context`."""
    parser.add_argument("query", metavar="SELECTOR", help='whose lines, by labels: \'{app="shop", pod="shop-1"}\'')
    parser.add_argument("--at", metavar="TIME", type=moment, required=True, help="the time of the line")
    for name in ("before", "after"):
        parser.add_argument(
            f"--{name}", metavar="N", type=whole_number(1), default=AROUND, help=f"how many lines {name} it ({AROUND})"
        )
    parser.add_argument("--output", choices=OUTPUTS, default=TABLE, help=f"how lines are printed ({TABLE})")
    add_server(parser)
    parser.set_defaults(labels=False, columns=())


def run(arguments: argparse.Namespace) -> int:
    """Print the lines in the order of time, those of the very time with a mark."""
    options = {
        "query": query_of(arguments),
        "at": arguments.at,
        "before": str(arguments.before),
        "after": str(arguments.after),
    }
    answer = Server.of(arguments).get("/logs/context", options)
    printer = printer_of(arguments)
    if arguments.output == JSON:
        Screen.of(sys.stdout).line(as_json(answer))
        return 0
    for name, mark in (("before", "  "), ("at", "> "), ("after", "  ")):
        printer.print(answer[name], mark)
    if arguments.output == TABLE and not any(answer.values()):
        note("no lines within a day of this time have these labels")
    return 0
