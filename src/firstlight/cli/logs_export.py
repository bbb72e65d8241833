"""`firstlight logs export`: every record that a query keeps, as NDJSON that `logs import` takes back."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import suppress
from typing import Final

from firstlight.cli import logs_span
from firstlight.cli.client import BrokenOff, Refused, Server, told
from firstlight.cli.client import add_arguments as add_server
from firstlight.cli.logs_query import add_query, query_of
from firstlight.cli.render import count, note

SUMMARY: Final = "write every record that a query in LogQL keeps, as NDJSON"

FAILURE: Final = b'{"error":'
LAST_WORDS: Final = 65_536
"""Bytes from the end of an answer in which the failure that ended it is looked for."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what may stand after `logs export`."""
    add_query(parser)
    logs_span.add_arguments(parser, "all that is stored")
    add_server(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write records to standard output, the oldest first; say on standard error how many."""
    options = {"query": query_of(arguments), **logs_span.options(arguments)}
    lines, end = 0, b""
    try:
        for piece in Server.of(arguments).stream("/logs/export", options):
            sys.stdout.buffer.write(piece)
            lines += piece.count(b"\n")
            end = (end + piece)[-LAST_WORDS:]
    except BrokenOff:
        with suppress(ValueError):
            fault = json.loads(end[end.rindex(FAILURE) :])
            raise Refused(told(fault), 200) from None
        raise
    note(count(lines, "record"))
    return 0
