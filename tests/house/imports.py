"""Who imports whom, read from the source and never by importing."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence, Set

from tools.source import PACKAGE, Module

Graph = Mapping[str, Set[str]]


def imported(module: Module) -> Iterator[tuple[ast.stmt, str]]:
    """Yield each import of `module`, wherever in the file it stands, as its statement and the dotted path it names.

    A relative import is yielded with its dots, and names nothing of ours.
    """
    for node in ast.walk(module.tree):
        match node:
            case ast.Import(names=names):
                yield from ((node, name.name) for name in names)
            case ast.ImportFrom(module=source, names=names, level=level):
                start = "." * level + (source or "")
                yield from ((node, f"{start}.{name.name}" if source else start + name.name) for name in names)


def rooms_imported(module: Module) -> Iterator[tuple[ast.stmt, str]]:
    """Yield the imports of `module` that enter a room of ours, as the statement and the room."""
    for node, path in imported(module):
        first, _, rest = path.partition(".")
        room = rest.partition(".")[0]
        if first == PACKAGE and room and not room.startswith("__"):
            yield node, room


def graph_of(modules: Sequence[Module]) -> Graph:
    """Return for each of `modules` by name the names of those among them that it imports."""
    known = {module.name for module in modules}
    return {module.name: {_owner(path, known) for _, path in imported(module)} & known for module in modules}


def _owner(path: str, known: Set[str]) -> str:
    """Return the module that `path` is or is a name in: for `from a import b` that is `a.b` if there is one, else `a`."""
    return path if path in known else path.rpartition(".")[0]


def cycles(graph: Graph) -> list[list[str]]:
    """Return the groups of names that reach each other: Tarjan's strongly connected components, without the trivial ones.

    Written with its own stack, so that a long chain of imports is not a recursion error.
    """
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []
    for root in graph:
        work = [(root, iter(graph[root]))] if root not in order else []
        while work:
            name, rest = work[-1]
            if name not in order:
                order[name] = lowest[name] = len(order)
                stack.append(name)
            for target in rest:
                if target not in order:
                    work.append((target, iter(graph[target])))
                    break
                if target in stack:
                    lowest[name] = min(lowest[name], order[target])
            else:
                work.pop()
                if work:
                    lowest[work[-1][0]] = min(lowest[work[-1][0]], lowest[name])
                if lowest[name] == order[name]:
                    group = stack[stack.index(name) :]
                    del stack[stack.index(name) :]
                    if len(group) > 1 or name in graph[name]:
                        found.append(sorted(group))
    return found
