"""What firstlight needs of others is what pyproject.toml says it needs, and the SDK needs nothing."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions

import pytest

from tests.house.imports import imported
from tools.source import PACKAGE, TOP, Module, source

# Rooms that run in other people's programs, where only firstlight itself is installed.
WITHOUT_DEPENDENCIES = ("errors", "sdk")

STANDARD = sys.stdlib_module_names | {"compression"}  # the standard library of 3.14, whichever this one is

PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]


def declared(extra: str) -> set[str]:
    """Return the distributions that an extra names, spelled as the registry compares them."""
    return {canonical(re.split(r"[\[<>=;, ]", line)[0]) for line in PROJECT["optional-dependencies"][extra]}


def canonical(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def undeclared(module: Module, allowed: set[str]) -> Iterator[str]:
    owners = packages_distributions()
    for node, path in imported(module):
        top = path.partition(".")[0]
        if top in STANDARD or top in (PACKAGE, ""):
            continue
        if not allowed & {canonical(owner) for owner in owners.get(top, [])}:
            yield module.complain(node, f"{path} is in no dependency that pyproject.toml gives to this room")


def test_imports_only_what_is_declared() -> None:
    server, demo = declared("server"), declared("demo")
    complaints = [
        complaint
        for module in source()
        for complaint in undeclared(module, server | demo if module.room == "demo" else server)
    ]

    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize("room", WITHOUT_DEPENDENCIES)
def test_imports_without_any_dependency(room: str) -> None:
    """Python runs without its site-packages: what an application imports is the standard library and firstlight."""
    names = [module.name for module in source() if module.room == room]
    program = f"import sys; sys.path.insert(0, 'src'); import {', '.join(names or [PACKAGE])}"

    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], cwd=TOP, capture_output=True, check=False, text=True
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["server.txt", "dev.txt"])
def test_every_requirement_is_pinned_and_hashed(name: str) -> None:
    text = (TOP / "requirements" / name).read_text()
    requirements = [line for line in text.replace("\\\n", " ").splitlines() if line and not line.startswith("#")]

    assert requirements
    assert [line for line in requirements if not re.match(r"[a-z0-9-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line)] == []


@pytest.mark.parametrize(("name", "extras"), [("server.txt", ["server"]), ("dev.txt", ["server", "demo"])])
def test_every_dependency_is_among_the_requirements(name: str, extras: list[str]) -> None:
    """Somebody who adds a dependency to pyproject.toml is told to run `make requirements`."""
    pinned = set(re.findall(r"^([a-z0-9-]+)==", (TOP / "requirements" / name).read_text(), re.MULTILINE))
    missing = {distribution for extra in extras for distribution in declared(extra)} - pinned

    assert not missing, f"requirements/{name} lacks {', '.join(sorted(missing))}; run make requirements"
