"""What SQL of users may do, judged by the engine's own reading of it.

A statement is handed on whole or not at all. It comes here as the syntax tree that the engine makes of it, and is let
through if it is one query, of views of ours and of a few tables that describe them. Refused is what the session's role
and `readonly` leave open: in the engine inside this process any query may read any file with the function `file`,
write one with INTO OUTFILE, list and kill the queries of others, and be followed by another statement. This is the
first of three fences; docs/sql.md says what each of them holds.

The tree is not understood node by node. Every string in it, other than a literal and an alias, is a name, wherever the
engine's grammar may put it; so names are what is judged, and nothing has to be known of a node to judge it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from firstlight.query.faults import Refused

SELECTS = frozenset({"SelectWithUnionQuery", "SelectIntersectExceptQuery", "SelectQuery"})
LISTINGS = frozenset({"ShowTablesQuery", "ShowColumnsQuery"})
EXPLANATION = "ExplainQuery"
STATEMENTS = "want SELECT, EXPLAIN SELECT, DESCRIBE, SHOW TABLES or SHOW COLUMNS"

TABLE_FUNCTIONS = frozenset({"generate_series", "generateseries", "numbers", "values", "view"})
"""Sources of rows that are no view: all that need no file and no network. `view` is a subquery by another name."""

SYSTEM_TABLES = frozenset({"columns", "databases", "functions", "numbers", "one", "tables", "time_zones"})
"""Of the database `system`, what describes the views and the language; the engine shows what the role may see."""

CATALOGUE = "information_schema"

FUNCTIONS = frozenset(
    """
    file filesystemavailable filesystemcapacity filesystemunreserved
    aiclassify aiembed aiextract aifilter aigenerate airedact aisimilarity aitranslate
    addresstoline addresstolinewithinlines addresstosymbol demangle logtrace
    catboostevaluate evalmlmethod naivebayesclassifier naivebayesclassifierwithallprobs naivebayesclassifierwithprob
    dictget dictgetall dictgetchildren dictgetdescendants dictgethierarchy dictgetkeys dictgetordefault dictgetornull
    dictgetroot dicthas dictisin joinget joingetornull hascolumnintable
    getclienthttpheader getmacro getserversetting showcertificate currentrequesturl currenthandler
    generateserialid transactionid transactionlatestsnapshot transactionoldestsnapshot zookeepersessionuptime
    regionhierarchy regionin regiontoarea regiontocity regiontocontinent regiontocountry regiontodistrict regiontoname
    regiontopopulation regiontotopcontinent runningconcurrency hasthreadfuzzer
    """.split()
)
"""Functions that reach outside of the query, in small letters: files, other servers and tables, the engine itself.

tests/query/sql holds the functions of the engine against a list that was gone through for these.
"""

TYPED_DICTIONARY_FUNCTION = "dictget"
"""What the names of forty more begin with, one for each type."""

SOURCES = frozenset(
    """
    cluster clusterallreplicas dictionary loop merge mergetreeanalyzeindexes mergetreeanalyzeindexesuuid
    mergetreecodecblockcounts mergetreeindex mergetreeprojection mergetreetextindex python remote remotesecure
    """.split()
)
"""Table functions that read tables or memory of this server, in small letters: refused after IN, too."""

ORIGIN_COLUMNS = frozenset({"resource", "scope", "scope_version", "scope_attributes", "stream", "origins"})
"""What only the views with resource and scope have."""

NOT_A_NAME = frozenset({"alias", "lambda_arg", "type", "value"})
"""Keys of the tree whose string is no name: what the user calls a thing, what kind of node it is, a literal."""

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found out about a statement that may run."""

    parameters: frozenset[str]
    """The names that it wants values for."""
    wants_origins: bool
    """Whether it may mention resource or scope, and so needs the views that have them."""
    is_select: bool


def judge(tree: Node, databases: Collection[str]) -> Judged:
    """Return what a statement needs, if it may run. Raise Refused if it may not. `databases` are those of the views."""
    kind = tree["type"]
    if kind in LISTINGS:
        _check_clauses(tree)
        return Judged(frozenset(), wants_origins=True, is_select=False)
    query = tree.get("query", {}) if kind == EXPLANATION else tree
    if query.get("type") not in SELECTS:
        raise Refused(f"cannot run this kind of statement; {STATEMENTS}")
    _check_clauses(tree)
    found = _Findings(frozenset(databases))
    for node in _nodes(query):
        found.add(node)
    return Judged(frozenset(found.parameters), found.wants_origins, is_select=kind != EXPLANATION)


class _Findings:
    """What the nodes of one statement amount to."""

    def __init__(self, databases: frozenset[str]) -> None:
        self.parameters: set[str] = set()
        self.wants_origins = False
        self._databases = databases
        self._counted: set[int] = set()

    def add(self, node: Node) -> None:
        """Take note of a node. Raise Refused for what may not be."""
        kind = node.get("type", "")
        if kind == "QueryParameter":
            self._add_parameter(node)
            return
        if "settings" in node:
            raise Refused("cannot change settings; leave out the SETTINGS clause", "SETTINGS")
        _check_clauses(node)
        if "table_function" in node:
            _check_table_function(node["table_function"]["name"])
        if kind in ("TableIdentifier", "Identifier"):
            self._check_table(node.get("name_parts", []), is_table=kind == "TableIdentifier")
        if kind == "Function" and node["name"].lower() in SOURCES:
            _check_table_function(node["name"])
        self._check_names(node)
        self.wants_origins |= self._takes_all_columns(kind, node)

    def _add_parameter(self, node: Node) -> None:
        if node["param_type"].lower() == "identifier":
            raise Refused(f"cannot take {node['name']} as a parameter: names are no values; write it out", node["name"])
        self.parameters.add(node["name"])

    def _check_names(self, node: Node) -> None:
        for name in _names(node):
            small = name.lower()
            if small in FUNCTIONS or small.startswith(TYPED_DICTIONARY_FUNCTION):
                raise Refused(
                    f"cannot use {name}: the function of that name reaches outside of the query;"
                    " if it is a name of your own, choose another",
                    name,
                )
            if name in ORIGIN_COLUMNS:
                self.wants_origins = True

    def _check_table(self, parts: list[str], *, is_table: bool) -> None:
        if len(parts) < 2 or "" in parts:  # nothing, where a parameter stands
            return
        database, table, whole = parts[0].lower(), parts[1], ".".join(parts)
        if database == "system":
            if table not in SYSTEM_TABLES:
                raise Refused(f"cannot read {whole}; want one of {', '.join(sorted(SYSTEM_TABLES))}", whole)
        elif is_table and database != CATALOGUE and parts[0] not in self._databases:
            raise Refused(f"cannot read {whole}; want a view (SHOW TABLES lists them)", whole)

    def _takes_all_columns(self, kind: str, node: Node) -> bool:
        """Return whether the node stands for columns that it does not name. The one in ``count(*)`` stands for none."""
        if kind == "Function" and node["name"].lower() == "count":
            self._counted |= {id(child) for child in node.get("arguments", {}).get("children", ())}
        if kind == "Asterisk":
            return id(node) not in self._counted
        return "Asterisk" in kind or "Matcher" in kind


def _check_clauses(node: Node) -> None:
    if "out_file" in node:
        raise Refused("cannot write a file; leave out INTO OUTFILE", "INTO")
    if "format_ast" in node:
        raise Refused("cannot take the format from the statement; leave out FORMAT, and ask for it beside", "FORMAT")


def _check_table_function(name: str) -> None:
    if name.lower() not in TABLE_FUNCTIONS:
        raise Refused(f"cannot read from {name}(); want a view, or one of {', '.join(sorted(TABLE_FUNCTIONS))}", name)


def _nodes(tree: Node) -> Iterator[Node]:
    """Yield the nodes of a tree, each before those in it. Literals have nothing to be judged in them."""
    waiting: list[Any] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, dict) and node.get("type") != "Literal":
            yield node
            waiting.extend(node.values())


def _names(node: Node) -> Iterator[str]:
    for key, value in node.items():
        if key in NOT_A_NAME:
            continue
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from (one for one in value if isinstance(one, str))
