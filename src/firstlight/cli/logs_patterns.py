"""`firstlight logs patterns`: what lines have in common, how often, since when, and what of it is new."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import Any, Final

from firstlight.cli import logs_span
from firstlight.cli.client import Server
from firstlight.cli.client import add_arguments as add_server
from firstlight.cli.logs_print import JSON, LEVELS
from firstlight.cli.logs_query import TABLE
from firstlight.cli.render import Column, Screen, as_json, count, local_time, one_line, seconds, whole_number

SUMMARY: Final = "show the patterns of lines, the most frequent first"
LIMIT: Final = 30

COLUMNS: Final = (
    Column("lines", is_number=True),
    Column("a minute", is_number=True),
    Column("level"),
    Column("service"),
    Column("last seen"),
    Column("new"),
    Column("pattern", may_fold=True),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what may stand after `logs patterns`."""
    parser.add_argument("--service", metavar="NAME", help="of this service")
    parser.add_argument("--level", type=str.lower, choices=LEVELS, help="of lines of this level, or worse")
    parser.add_argument("--contains", metavar="TEXT", help="with this text in the pattern")
    logs_span.add_arguments(parser, "1h")
    parser.add_argument("--new", metavar="DURATION", type=seconds, help="those first seen within it, such as 1h")
    parser.add_argument("--limit", metavar="N", type=whole_number(1), default=LIMIT, help=f"how many ({LIMIT})")
    parser.add_argument("--output", choices=(TABLE, JSON), default=TABLE, help=f"the form of the answer ({TABLE})")
    add_server(parser)


def run(arguments: argparse.Namespace) -> int:
    """Ask, and print the patterns."""
    options = {**logs_span.options(arguments), "limit": str(arguments.limit)}
    options |= {name: told for name in ("service", "level", "contains") if (told := getattr(arguments, name))}
    if arguments.new is not None:
        options["new"] = f"{round(arguments.new * 1000)}ms"
    answer = Server.of(arguments).get("/logs/patterns", options)
    screen = Screen.of(sys.stdout)
    if arguments.output == JSON:
        screen.line(as_json(answer))
        return 0
    found = answer["patterns"]
    if found:
        screen.table(COLUMNS, [_row(one) for one in found])
    more = "; there are more: --limit shows them" if answer["more"] else ""
    screen.line(screen.paint(f"({count(len(found), 'pattern')}{more})", "dim"))
    return 0


def _row(one: Mapping[str, Any]) -> list[str]:
    return [
        count(one["lines"]),
        f"{one['per_minute']:g}",
        one["level"],
        one_line(one["service"]),
        local_time(one["last_seen"])[:16],
        "new" if one["is_new"] else "",
        one_line(one["pattern"]),
    ]
