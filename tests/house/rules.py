"""The house rules that one file alone can break, each a function from a module to its complaints.

A complaint names the place, what was found and what is wanted. What a rule is for is its docstring. `test_rules.py`
shows each of them biting.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from tests.house.imports import imported, rooms_imported
from tests.house.rooms import MAY_IMPORT, MAY_PRINT, WITHOUT_A_CLOCK
from tools.source import Module, public

Rule = Callable[[Module], Iterator[str]]

# Names that say nothing about what is inside.
EMPTY_NAMES = frozenset("util utils helper helpers common base manager managers handler handlers misc internal".split())

# Where a task or a request ends: the only places that may catch everything, because there it is counted and logged once.
DOORS: dict[str, str] = {
    "firstlight.app.cleanups.Cleanups.run": "what fails to stop must not keep the rest from stopping",
    "firstlight.app.log_intake.LogIntake.process": "records that processing breaks on are stored as they came, and counted",
    "firstlight.http.application.Application.__call__": "an HTTP request ends: it is answered, counted and logged",
    "firstlight.ingest.server.IngestServer._answer": "an ingest request ends: its sender is told, it is counted and logged",
    "firstlight.ingest.scrape.loop.TargetLoop.scrape": "a target is told to have failed, logged, and scraped again",
    "firstlight.ingest.scrape.loop.TargetLoop._finish": "an answer that makes us stumble is a scrape that failed",
    "firstlight.sdk.metrics._Observable.collect": "the callback is the application's; its faults are not our scrape's",
    "tools.conformance.score.attempts": "a kind that breaks has failed; the next kind is run",
    "tools.conformance.score._complaint": "a case that breaks has failed; the next case is run",
}

MUTATORS = frozenset("add append clear discard extend insert pop popitem remove setdefault update".split())
CONTAINERS = ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp
CONTAINER_NAMES = frozenset({"list", "dict", "set", "defaultdict", "deque", "Counter", "OrderedDict"})
CLOCKS = frozenset({"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.today", "date.today"})


def directions(module: Module) -> Iterator[str]:
    """A room imports only from the rooms below it that it was given."""
    room = module.room
    if module.path.parts[0] != "src" or (room and room not in MAY_IMPORT):
        return
    allowed = {room, *MAY_IMPORT[room].split()} if room else set()
    for node, target in rooms_imported(module):
        if target not in allowed:
            wanted = " ".join(sorted(allowed - {room})) or "nothing of ours"
            yield module.complain(node, f"{room or 'the package itself'} imports {target}; want {wanted}")


def absolute_imports(module: Module) -> Iterator[str]:
    """An import is written out, so that it reads the same wherever it stands."""
    for node, path in imported(module):
        if path.startswith("."):
            yield module.complain(node, f'relative import "{path}"; write it out from the top')


def quiet_packages(module: Module) -> Iterator[str]:
    """An `__init__.py` re-exports and nothing else: importing a package does no work."""
    if not module.is_package:
        return
    for node in module.tree.body:
        match node:
            case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant(value=str())):
                continue
            case ast.Assign(targets=[ast.Name(id="__all__" | "__version__")]):
                continue
        yield module.complain(node, "logic in __init__.py; want a docstring and re-exports, move the rest to a module")


def module_docstrings(module: Module) -> Iterator[str]:
    """A module says what it is for."""
    if module.tree.body and not ast.get_docstring(module.tree):
        yield module.complain(
            module.tree, "no module docstring; say what it is for, what it promises, what it does not do"
        )


def public_docstrings(module: Module) -> Iterator[str]:
    """What others may use, says what it does."""
    if module.path.parts[0] == "tests":
        return
    for name, node in public(module.tree):
        if not ast.get_docstring(node):
            yield module.complain(node, f"{name} has no docstring; say what it does, or begin its name with _")


def telling_names(module: Module) -> Iterator[str]:
    """A module is named for what is in it."""
    for part in module.name.split("."):
        if EMPTY_NAMES & set(part.strip("_").split("_")):
            yield module.complain(module.tree, f'the name "{part}" says nothing; want a noun of the domain')


def no_globals(module: Module) -> Iterator[str]:
    """State has an owner, and is handed over as an argument."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Global):
            yield module.complain(
                node, f"global {', '.join(node.names)}; make it an attribute of an object that is passed"
            )


def no_module_state(module: Module) -> Iterator[str]:
    """What stands at the top of a module never changes."""
    names = {name for node in module.tree.body for name in _containers_bound(node)}
    for function in ast.walk(module.tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            own = set(_own_names(function))
            for node, name in _mutations(function):
                if name in names - own:
                    yield module.complain(
                        node, f"{name} is changed in {function.name}; make it an attribute of an object"
                    )


def narrow_excepts(module: Module) -> Iterator[str]:
    """Only the door of a task or request catches everything; what is caught to clean up is raised again."""
    for node, door, found in broad_excepts(module):
        if door not in DOORS:
            yield module.complain(node, f"{found}; name what is expected, or list {door} as a door with its reason")


def no_print(module: Module) -> Iterator[str]:
    """The server speaks through its log; only what a person reads at a terminal prints."""
    if module.path.parts[0] != "src" or module.room in MAY_PRINT:
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "print":
            yield module.complain(node, "print; log it, or return it to the command line")


def no_clock(module: Module) -> Iterator[str]:
    """Time is an argument, so that every answer can be had again."""
    if module.room not in WITHOUT_A_CLOCK:
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            called = ".".join(ast.unparse(node.func).split(".")[-2:])
            if called in CLOCKS or called == "time_ns":
                yield module.complain(node, f"{called}() in {module.room}; take now_ns as an argument")


def skips_say_why(module: Module) -> Iterator[str]:
    """A test that does not run says why."""
    if module.path.parts[0] != "tests":
        return
    called = {id(node.func) for node in ast.walk(module.tree) if isinstance(node, ast.Call)}
    for node in ast.walk(module.tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="skip" | "xfail") as skip, args=[], keywords=words):
                bare = "reason" not in {word.arg for word in words}
            case ast.Call(func=ast.Attribute(attr="skipif" | "importorskip") as skip, keywords=words):
                bare = "reason" not in {word.arg for word in words}
            case ast.Attribute(value=ast.Attribute(attr="mark"), attr="skip" | "xfail") as skip:
                bare = id(skip) not in called
            case _:
                continue
        if bare:
            yield module.complain(node, f"{ast.unparse(skip)} without a reason; say why it cannot run")


def no_mocks(module: Module) -> Iterator[str]:
    """A fake is a small class beside the protocol it satisfies, not a mock that agrees with everything."""
    for node, path in imported(module):
        if path.startswith(("unittest.mock", "mock.", "pytest_mock")):
            yield module.complain(node, f"{path}; write a fake beside the protocol, or use the real thing")


RULES: tuple[Rule, ...] = (
    directions,
    absolute_imports,
    quiet_packages,
    module_docstrings,
    public_docstrings,
    telling_names,
    no_globals,
    no_module_state,
    narrow_excepts,
    no_print,
    no_clock,
    skips_say_why,
    no_mocks,
)


def broad_excepts(module: Module) -> Iterator[tuple[ast.AST, str, str]]:
    """Yield what in `module` swallows everything, with the dotted name of the function around it and what was found."""
    for function, node in _with_function(module.tree, module.name):
        match node:
            case ast.ExceptHandler(type=kind, body=body) if _is_broad(kind) and not isinstance(body[-1], ast.Raise):
                yield node, function, f"except {ast.unparse(kind)}" if kind else "bare except"
            case ast.Call(func=ast.Name(id="suppress") | ast.Attribute(attr="suppress"), args=kinds) if any(
                _is_broad(kind) for kind in kinds
            ):
                yield node, function, "suppress of everything"


def _containers_bound(node: ast.stmt) -> Iterator[str]:
    """Yield the names that `node` binds to something that can change."""
    match node:
        case ast.Assign(targets=targets, value=value):
            pass
        case ast.AnnAssign(target=target, value=value):
            targets = [target]
        case _:
            return
    called = isinstance(value, ast.Call) and ast.unparse(value.func).rpartition(".")[2] in CONTAINER_NAMES
    if called or isinstance(value, CONTAINERS):
        yield from (target.id for target in targets if isinstance(target, ast.Name))


def _mutations(function: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Yield what in `function` changes a container it has by name, and that name."""
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)) if method in MUTATORS:
                yield node, name
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
                yield node, name


def _own_names(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    """Yield the names of the parameters and variables of `function`."""
    for node in ast.walk(function):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield name


def _is_broad(kind: ast.expr | None) -> bool:
    if isinstance(kind, ast.Tuple):
        return any(_is_broad(element) for element in kind.elts)
    return kind is None or ast.unparse(kind) in ("Exception", "BaseException")


def _with_function(tree: ast.AST, function: str) -> Iterator[tuple[str, ast.AST]]:
    """Yield every node with the dotted name of the function or class that it is in."""
    for node in ast.iter_child_nodes(tree):
        yield function, node
        inner = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and f"{function}.{node.name}"
        yield from _with_function(node, inner or function)
