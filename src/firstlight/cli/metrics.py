"""`firstlight metrics`: metrics by their series and when they were queried, or what makes the series of one."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from firstlight.cli.client import Server
from firstlight.cli.client import add_arguments as add_server
from firstlight.cli.render import Column, Screen, as_json, count, cut, local_time, note, one_line, seconds, whole_number
from firstlight.errors import ConfigError

SUMMARY = "list metrics by how many series they have, or what makes the series of one"

METRICS: Final = (
    Column("metric"),
    Column("series", is_number=True),
    Column("queried", is_number=True),
    Column("last queried"),
)
LABELS: Final = (
    Column("label"),
    Column("values", is_number=True),
    Column("series", is_number=True),
    Column("without it", is_number=True),
    Column("most often", may_fold=True),
)
SHOWN_VALUES: Final = 3
SHOWN_CHARACTERS: Final = 40
LIMIT: Final = 100
TOP: Final = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what may stand after `metrics`."""
    parser.add_argument("name", metavar="NAME", nargs="?", help="one metric: which of its labels make its series")
    parser.add_argument("--unused", action="store_true", help="those that no query has read")
    parser.add_argument("--contains", metavar="TEXT", help="those with this in their name")
    parser.add_argument(
        "--since", metavar="DURATION", type=seconds, help="those that had samples on the days since then (1d)"
    )
    parser.add_argument(
        "--limit", metavar="N", type=whole_number(1), help=f"how many metrics ({LIMIT}), or values ({TOP})"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="for people, or JSON (text)")
    add_server(parser)


def main(arguments: argparse.Namespace) -> int:
    """Print the metrics, or the labels of one, and return what to exit with."""
    server, screen = Server.of(arguments), Screen.of(sys.stdout)
    if arguments.name is not None and (arguments.unused or arguments.contains):
        raise ConfigError("cannot choose among metrics when one is named; want the name, or --unused and --contains")
    since = None if arguments.since is None else f"{int(arguments.since * 1000)}ms"
    options = {"since": since, "limit": arguments.limit}
    if arguments.name is None:
        options |= {"contains": arguments.contains, "unused": "true" if arguments.unused else None}
        told = server.get(f"/metrics/usage{_query(options)}")
    else:
        told = server.get(f"/metrics/cardinality{_query({'metric': arguments.name, **options})}")
    if arguments.format == "json":
        screen.line(as_json(told))
    elif arguments.name is None:
        _print_metrics(screen, told)
    else:
        _print_labels(screen, told)
    return 0


def _query(options: Mapping[str, object]) -> str:
    given = {name: value for name, value in options.items() if value is not None}
    return f"?{urlencode(given)}" if given else ""


def _print_metrics(screen: Screen, told: Mapping[str, Any]) -> None:
    rows = [
        [one_line(one["metric"]), count(one["series"]), count(one["queries"]), _queried(one["last_queried"])]
        for one in told["metrics"]
    ]
    screen.table(METRICS, rows)
    if told["more"]:
        note(f"there are more than {count(len(rows))}; --limit shows more")
    total, unused = told["total"], told["unused"]
    screen.line()
    screen.line(f"all     {count(total['series'])} series of {count(total['metrics'], 'metric')}")
    screen.line(f"unused  {count(unused['series'])} series of {count(unused['metrics'], 'metric')}")
    screen.line(screen.paint(f"queries are noted since {_queried(told['noted_since'])}", "dim"))


def _print_labels(screen: Screen, told: Mapping[str, Any]) -> None:
    times = count(told["queries"], "time")
    last = f"{times}, the last {_queried(told['last_queried'])}" if told["last_queried"] else "never"
    screen.line(f"{one_line(told['metric'])}: {count(told['series'])} series; queried {last}")
    screen.line()
    screen.table(LABELS, [_label(one) for one in told["labels"]])


def _label(one: Mapping[str, Any]) -> list[str]:
    most = ", ".join(
        f"{cut(one_line(top['value']), SHOWN_CHARACTERS)} ({count(top['series'])})" for top in one["top"][:SHOWN_VALUES]
    )
    numbers = (count(one[name]) for name in ("values", "series", "series_without_it"))
    return [one_line(one["label"]), *numbers, most]


def _queried(time: str | None) -> str:
    return local_time(time)[: -len(".000")] if time else "never"
