"""Searches that were given a name: kept in a file in the data directory, so that they outlive the server."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from firstlight.config.files import replace_file
from firstlight.errors import DecodeError, UserError, brief, unknown_word
from firstlight.query.logql.run import prepare

FILE: Final = "log-searches.json"
"""The file in the data directory."""

MAX_SEARCHES: Final = 1_000
MAX_TEXT: Final = 16 * 1024
MAX_COLUMNS: Final = 50
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
FIELDS: Final = ("query", "columns", "description")


class BadSearch(UserError):
    """A search that cannot be kept."""


class NoSuchSearch(UserError):
    """A search asked for by a name that none has."""


@dataclass(frozen=True, slots=True)
class Search:
    """A query of LogQL with a name; `columns` are the labels that are shown of its lines."""

    name: str
    query: str
    columns: tuple[str, ...] = ()
    description: str = ""

    @classmethod
    def of(cls, name: str, given: Mapping[str, Any]) -> Search:
        """Return what somebody wants to keep. Raise BadSearch, or QueryError if the query is none."""
        if not NAME.fullmatch(name):
            raise BadSearch(
                f"cannot keep a search as {brief(name)}; want up to 100 letters, digits, dots, dashes and underscores"
            )
        for field in given:
            if field not in FIELDS:
                raise BadSearch(f"cannot keep the search: {unknown_word('field', field, FIELDS)}")
        query, description = given.get("query", ""), given.get("description", "")
        columns = given.get("columns", ())
        if not isinstance(query, str) or not query.strip():
            raise BadSearch(f'cannot keep the search: "query" is {brief(query)}; want a query in LogQL')
        if not isinstance(description, str) or len(description) > MAX_TEXT or len(query) > MAX_TEXT:
            raise BadSearch(f"cannot keep the search: want texts of at most {MAX_TEXT} characters")
        is_list = isinstance(columns, Sequence) and not isinstance(columns, str)
        if not is_list or len(columns) > MAX_COLUMNS or not all(isinstance(one, str) for one in columns):
            raise BadSearch(
                f'cannot keep the search: "columns" is {brief(columns)}; want a list of at most {MAX_COLUMNS} labels'
            )
        prepare(query)
        return cls(name, query, tuple(columns), description)


class SavedSearches:
    """Keeps searches in `file`, which need not be there yet. Raises DecodeError if what is in it cannot be read."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._searches = _read(file)

    def all(self) -> list[Search]:
        """Return all of them by their names."""
        return [self._searches[name] for name in sorted(self._searches)]

    def one(self, name: str) -> Search:
        """Return the search that is called `name`; raise NoSuchSearch if none is."""
        if name not in self._searches:
            raise NoSuchSearch(f"there is no such search: {unknown_word('search', name, self._searches)}")
        return self._searches[name]

    def put(self, search: Search) -> bool:
        """Keep a search, and return when it is on disk: whether its name is new. Raise BadSearch if there are many."""
        is_new = search.name not in self._searches
        if is_new and len(self._searches) >= MAX_SEARCHES:
            raise BadSearch(f"cannot keep another search: there are {MAX_SEARCHES}; delete some first")
        self._write({**self._searches, search.name: search})
        return is_new

    def delete(self, name: str) -> None:
        """Forget a search, and return when it is gone from the disk. Raise NoSuchSearch."""
        self.one(name)
        self._write({known: search for known, search in self._searches.items() if known != name})

    def _write(self, searches: dict[str, Search]) -> None:
        listed = [asdict(searches[name]) for name in sorted(searches)]
        try:
            replace_file(self._file, orjson.dumps({"searches": listed}, option=orjson.OPT_INDENT_2) + b"\n")
        except OSError as error:
            raise BadSearch(f"cannot keep searches in {self._file}: {error.strerror}") from None
        self._searches = searches


def _read(file: Path) -> dict[str, Search]:
    if not file.exists():
        return {}
    try:
        listed = orjson.loads(file.read_bytes())["searches"]
        # A query that was good when it was kept is not refused for what this version makes of it.
        return {
            one["name"]: Search(one["name"], one["query"], tuple(one["columns"]), one["description"]) for one in listed
        }
    except (ValueError, TypeError, KeyError):
        raise DecodeError(
            f"cannot read the saved searches in {file}: it is not what was written; mend it, or move it away"
        ) from None
