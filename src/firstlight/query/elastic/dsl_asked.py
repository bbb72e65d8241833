"""What every kind of query in JSON is read with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from firstlight.query.elastic.ast import (
    Query,
)
from firstlight.query.elastic.faults import illegal, parsing
from firstlight.query.elastic.scope import Scope

IGNORED: Final = frozenset({"boost", "_name", "rewrite", "relation", "analyzer", "auto_generate_synonyms_phrase_query"})


ANALYZERS: Final = frozenset({"standard", "default"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A query that is being read: its kind, how deep it is, and who reads those in it."""

    scope: Scope
    kind: str
    depth: int
    read: Callable[[Scope, Any, int], Query]

    def query(self, found: Any) -> Query:
        """Return a query in this one."""
        return self.read(self.scope, found, self.depth + 1)

    def queries(self, found: Any) -> tuple[Query, ...]:
        """Return the queries in this one, of which there may be one alone."""
        listed = found if isinstance(found, Sequence) and not isinstance(found, str) else [found]
        return tuple(self.query(one) for one in listed if one is not None)

    def object(self, body: Any) -> Mapping[str, Any]:
        """Return the object that a query is said in."""
        if not isinstance(body, Mapping):
            raise parsing(f"[{self.kind}] query malformed, no start_object after query name")
        return body

    def one_field(self, body: Any, own: str) -> tuple[str, Mapping[str, Any]]:
        """Return the one field of a query and what is said of it, of which `own` may stand alone."""
        named = {name: value for name, value in self.object(body).items() if name not in ("boost", "_name")}
        if len(named) != 1:
            found = list(named)[:2]
            raise parsing(
                f"[{self.kind}] query doesn't support multiple fields, found {found}"
                if named
                else f"[{self.kind}] query malformed, no field found"
            )
        ((name, said),) = named.items()
        if isinstance(said, Mapping):
            return name, said
        if isinstance(said, list):
            raise parsing(f"[{self.kind}] unknown token [START_ARRAY] after [{name}]")
        return name, {own: said}

    def checked(self, said: Mapping[str, Any], *known: str) -> Mapping[str, Any]:
        """Return what is said, if there is nothing in it but what is known."""
        for name in said:
            if name not in known and name not in IGNORED:
                raise parsing(f"[{self.kind}] query does not support [{name}]")
        analyzer = said.get("analyzer")
        if analyzer is not None and analyzer not in ANALYZERS:
            raise parsing(f"[{self.kind}] analyzer [{str(analyzer)[:100]}] not found; firstlight has standard")
        return said


def fields_of(scope: Scope, found: Any) -> list[str]:
    """Return the fields that are named, patterns resolved."""
    listed = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    plain = [str(one).partition("^")[0] for one in listed]
    return ["*"] if "*" in plain else [name for one in plain for name in scope.names(one)]


def text_of(asked: Asked, said: Mapping[str, Any]) -> str:
    """Return the text that is looked for."""
    value = said.get("query")
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, list | Mapping):
        raise illegal(f"[{asked.kind}] requires query value" if value is None else f"[{asked.kind}] unknown token")
    return str(value)


def fuzziness_of(found: Any) -> int | None:
    """Return how many letters may differ; -1 leaves it to the length of the word."""
    if found is None:
        return None
    if str(found).upper().startswith("AUTO"):
        return -1
    if str(found) not in ("0", "1", "2"):
        raise illegal(f"Invalid fuzziness value: {str(found)[:50]}")
    return int(found)
