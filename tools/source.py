"""The project's own files, as the house rules and `make measure` see them."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TOP = Path(__file__).parents[1]
PACKAGE = "firstlight"


@dataclass(frozen=True, slots=True)
class Module:
    """One Python file, parsed."""

    path: Path  # from the top of the checkout
    tree: ast.Module

    @property
    def name(self) -> str:
        """The name to import it by: `firstlight.store.writer`, `tests.house.source`."""
        parts = self.path.with_suffix("").parts
        return ".".join(parts[parts[0] == "src" : len(parts) - self.is_package])

    @property
    def is_package(self) -> bool:
        """Whether this is the `__init__.py` of a package."""
        return self.path.name == "__init__.py"

    @property
    def room(self) -> str:
        """The room it stands in: `store` for firstlight.store.writer, `` for firstlight itself and outside of it."""
        parts = self.name.split(".")
        return parts[1] if parts[0] == PACKAGE and len(parts) > 1 else ""

    def complain(self, node: ast.AST, complaint: str) -> str:
        """Return `complaint` with the place of `node` before it."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}: {complaint}"


def parse(path: str, text: str) -> Module:
    """Return `text` as the module that a file at `path`, from the top of the checkout, would be."""
    return Module(Path(path), ast.parse(text, filename=path))


@cache
def tracked() -> tuple[Path, ...]:
    """Return the files that git has, or would have after `git add --all`, from the top of the checkout."""
    listing = subprocess.run(
        # The checkout may be somebody else's, as in a container.
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=TOP,
        capture_output=True,
        check=True,
        text=True,
    )
    paths = (Path(name) for name in sorted(set(listing.stdout.split("\0"))) if name)
    return tuple(path for path in paths if (TOP / path).is_file())  # a file deleted but not yet committed is listed too


@cache
def modules() -> tuple[Module, ...]:
    """Return every Python file of the project, parsed."""
    return tuple(parse(str(path), (TOP / path).read_text()) for path in tracked() if path.suffix == ".py")


@cache
def source() -> tuple[Module, ...]:
    """Return the modules of the product: what is under src/."""
    return tuple(module for module in modules() if module.path.parts[0] == "src")


def public(
    tree: ast.AST, prefix: str = ""
) -> Iterator[tuple[str, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Yield the public classes, functions and methods in `tree` with their dotted names.

    Not what is inside a function, and not the overloads, setters and deleters of what was or will be yielded.
    """
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If | ast.Try):
            yield from public(node, prefix)
        elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            decorators = {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}
            if node.name.startswith("_") or decorators & {"overload", "setter", "deleter"}:
                continue
            yield prefix + node.name, node
            if isinstance(node, ast.ClassDef):
                yield from public(node, f"{prefix}{node.name}.")
