"""`firstlight logs searches`: queries that are kept by name, by the server, for all who ask it."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Final, cast
from urllib.parse import quote

from firstlight.cli import logs_query
from firstlight.cli.client import Server
from firstlight.cli.client import add_arguments as add_server
from firstlight.cli.logs_print import JSON
from firstlight.cli.logs_query import TABLE
from firstlight.cli.render import Column, Screen, as_json, count, note, one_line

SUMMARY: Final = "keep queries by name, and run them"
PATH: Final = "/logs/searches"
KEPT: Final = (200, 201)
DELETED: Final = (204,)

COLUMNS: Final = (Column("name"), Column("query", may_fold=True), Column("description", may_fold=True))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what may stand after `logs searches`."""
    words = parser.add_subparsers(title="words", metavar="WORD", required=True)
    listing = _word(words, "list", "show the searches that are kept")
    listing.add_argument("--output", choices=(TABLE, JSON), default=TABLE, help=f"the form of the answer ({TABLE})")
    listing.set_defaults(search=_list)
    add_server(listing)

    save = _word(words, "save", "keep a query by a name, or change what it is")
    save.add_argument("name", metavar="NAME", help="what it is to be called")
    logs_query.add_query(save)
    save.add_argument("--columns", metavar="NAMES", default="", help="labels to show of its lines: app,pod")
    save.add_argument("--description", metavar="TEXT", default="", help="what it is for")
    save.set_defaults(search=_save)
    add_server(save)

    ask = _word(words, "run", "print what a search finds")
    ask.add_argument("name", metavar="NAME", help="which search")
    logs_query.add_options(ask)
    ask.set_defaults(search=_run)

    delete = _word(words, "delete", "forget a search")
    delete.add_argument("name", metavar="NAME", help="which search")
    delete.set_defaults(search=_delete)
    add_server(delete)


def run(arguments: argparse.Namespace) -> int:
    """Do what the word says."""
    return cast(int, arguments.search(arguments))


def _word(
    words: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str
) -> argparse.ArgumentParser:
    return words.add_parser(name, help=summary, description=summary)


def _list(arguments: argparse.Namespace) -> int:
    answer = Server.of(arguments).get(PATH)
    screen = Screen.of(sys.stdout)
    if arguments.output == JSON:
        screen.line(as_json(answer))
        return 0
    found = answer["searches"]
    if found:
        names = ("name", "query", "description")
        screen.table(COLUMNS, [[one_line(one[name]) for name in names] for one in found])
    screen.line(screen.paint(f"({count(len(found), 'search', 'searches')})", "dim"))
    return 0


def _save(arguments: argparse.Namespace) -> int:
    columns = [name.strip() for name in arguments.columns.split(",") if name.strip()]
    search = {"query": logs_query.query_of(arguments), "columns": columns, "description": arguments.description}
    Server.of(arguments).send("PUT", _path(arguments.name), json.dumps(search).encode(), "json", KEPT)
    note(f"kept as {arguments.name}")
    return 0


def _run(arguments: argparse.Namespace) -> int:
    server = Server.of(arguments)
    search = server.get(_path(arguments.name))
    arguments.columns = arguments.columns or tuple(search["columns"])
    return logs_query.ask(server, search["query"], arguments)


def _delete(arguments: argparse.Namespace) -> int:
    Server.of(arguments).send("DELETE", _path(arguments.name), b"", "json", DELETED)
    note(f"forgot {arguments.name}")
    return 0


def _path(name: str) -> str:
    return f"{PATH}/{quote(name, safe='')}"
