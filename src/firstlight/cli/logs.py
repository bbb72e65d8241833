"""`firstlight logs`: the newest log records and those that come from now on; and by a further word, more of them."""

from __future__ import annotations

import argparse
import re
import sys
from typing import Any, Final, cast

from firstlight.cli import logs_words
from firstlight.cli.client import Server
from firstlight.cli.client import add_arguments as add_server
from firstlight.cli.logs_following import follow
from firstlight.cli.logs_print import ALL, JSON, LEVELS, TEXT, Printer
from firstlight.cli.render import Screen, note, seconds, whole_number
from firstlight.errors import ConfigError, brief

SUMMARY = "show log records: the newest, as they come, or what a query in LogQL finds"

LIMIT: Final = 100
BEFORE_FOLLOWING: Final = 10
"""How many of the newest records are shown before those that come, if nobody says otherwise."""

COLUMNS: Final = "ts, service, level, severity, body, trace_id, span_id, attributes, event_name"
SINCE: Final = "ts >= now64(9) - toIntervalMillisecond({since:UInt64})"
WINDOWS: Final = (300.0, 86_400.0, None)
"""Seconds back from now in which the newest records are looked for, until there are enough; the last is all of them."""

ID_DIGITS: Final = 32
TAIL: Final = "/logs/tail"

OWN: Final = "newest_"
"""Begins the names that our own options have when they are read: those of further words are others."""

OPTIONS: Final = ("follow", "service", "level", "contains", "trace", "since", "limit", "attributes", "format")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what may stand after `logs`: options that choose among the newest, or a further word with its own."""
    parser.epilog = (
        "Options choose among the newest records. A WORD has options of its own, after it: WORD --help lists them."
    )
    parser.add_argument(
        "--follow", "-f", dest=OWN + "follow", action="store_true", help="go on with records as they come, until Ctrl-C"
    )
    parser.add_argument("--service", dest=OWN + "service", metavar="NAME", help="of this service")
    parser.add_argument("--level", dest=OWN + "level", type=str.lower, choices=LEVELS, help="of this level, or worse")
    parser.add_argument("--contains", dest=OWN + "contains", metavar="TEXT", help="with this text in the body")
    parser.add_argument(
        "--trace", dest=OWN + "trace", metavar="ID", help="of this trace; the first digits of its id will do"
    )
    parser.add_argument(
        "--since", dest=OWN + "since", metavar="DURATION", type=seconds, help="no older than this, such as 15m"
    )
    parser.add_argument(
        "--limit",
        dest=OWN + "limit",
        metavar="N",
        type=whole_number(0),
        help=f"how many of the newest ({LIMIT}; {BEFORE_FOLLOWING} before those that --follow brings)",
    )
    parser.add_argument("--attributes", dest=OWN + "attributes", action="store_true", help="show attributes, too")
    parser.add_argument(
        "--format", dest=OWN + "format", choices=(TEXT, JSON), default=TEXT, help="lines of text, or of JSON (text)"
    )
    add_server(parser)
    logs_words.add_to(parser)


def trace_id(text: str) -> str:
    """Return the id of a trace, or how it begins, as the server spells it."""
    if not re.fullmatch(rf"[0-9a-fA-F]{{1,{ID_DIGITS}}}", text):
        raise ConfigError(f"cannot read {brief(text)} as the id of a trace; want up to {ID_DIGITS} digits, 0-9 and a-f")
    return text.lower()


def main(arguments: argparse.Namespace) -> int:
    """Print what there is, and then what comes; or do what a further word says."""
    server = Server.of(arguments)
    own = argparse.Namespace(**{name: getattr(arguments, OWN + name) for name in OPTIONS})
    if "do" in arguments:
        _check_place(own, arguments.word)
        return cast(int, arguments.do(arguments))
    arguments = own
    printer = Printer(Screen.of(sys.stdout), arguments.format, ALL if arguments.attributes else ())
    if arguments.trace is not None:
        arguments.trace = trace_id(arguments.trace)
    if arguments.follow:
        if arguments.trace and len(arguments.trace) < ID_DIGITS:
            raise ConfigError(f"cannot follow the trace {arguments.trace}; want all {ID_DIGITS} digits of its id")
        _follow(server, arguments, printer)
    records = newest(server, arguments, LIMIT)
    printer.print(records)
    if not records and arguments.format == TEXT:
        note("no log records match; `firstlight status` says what has come in")
    return 0


def _check_place(own: argparse.Namespace, word: str) -> None:
    """Refuse options that stand before a further word, and would do nothing there."""
    for name, value in vars(own).items():
        if value and value != TEXT:
            raise ConfigError(f"cannot use --{name} before {word}, which has options of its own; want it after {word}")


def newest(server: Server, arguments: argparse.Namespace, limit: int) -> list[dict[str, Any]]:
    """Return the newest records that were asked for, the newest last."""
    limit = limit if arguments.limit is None else arguments.limit
    if not limit:
        return []
    asked = {
        "service": ("service = {service:String}", arguments.service),
        "severity": ("severity >= {severity:UInt8}", LEVELS.get(arguments.level or "")),
        "contains": ("positionCaseInsensitiveUTF8(body, {contains:String}) > 0", arguments.contains or None),
        "trace": (
            "trace_id = {trace:String}"
            if len(arguments.trace or "") == ID_DIGITS
            else "startsWith(trace_id, {trace:String})",
            arguments.trace,
        ),
    }
    told = {name: told for name, (_, told) in asked.items() if told is not None}
    conditions = [asked[name][0] for name in told]
    rows: list[dict[str, Any]] = []
    # What is newest is looked for where it mostly is, before everything is looked through.
    for since in WINDOWS if arguments.since is None else (arguments.since,):
        where = [*conditions, *([] if since is None else [SINCE])]
        query = f"SELECT {COLUMNS} FROM logs WHERE {' AND '.join(where) or '1'} ORDER BY ts DESC LIMIT {{limit:UInt64}}"
        age = {} if since is None else {"since": int(since * 1000)}
        rows = list(server.rows(query, {**told, **age, "limit": limit}))
        if len(rows) == limit:
            break
    return rows[::-1]


def _follow(server: Server, arguments: argparse.Namespace, printer: Printer) -> None:
    """Print the newest records and then all that come, for ever."""
    asked = {
        "service": arguments.service,
        "level": arguments.level,
        "contains": arguments.contains,
        "trace_id": arguments.trace,
    }
    options = {name: told for name, told in asked.items() if told}
    follow(server, TAIL, options, lambda: newest(server, arguments, BEFORE_FOLLOWING), printer)
