"""The house rules, held against the project as it stands."""

from __future__ import annotations

import pytest

from tests.house.imports import cycles, graph_of
from tests.house.rooms import MAY_IMPORT
from tests.house.rules import DOORS, RULES, Rule, broad_excepts
from tools.source import modules, source

CYCLES = [
    # what                       who imports whom                                         the groups that reach each other
    ("nobody",                   {},                                                      []),
    ("a line",                   {"a": {"b"}, "b": {"c"}, "c": set()},                    []),
    ("a diamond",                {"a": {"b", "c"}, "b": {"d"}, "c": {"d"}, "d": set()},   []),
    ("two in a circle",          {"a": {"b"}, "b": {"a"}},                                [["a", "b"]]),
    ("a circle behind a line",   {"a": {"b"}, "b": {"c"}, "c": {"d"}, "d": {"b"}},        [["b", "c", "d"]]),
    ("two circles, apart",       {"a": {"b"}, "b": {"a", "c"}, "c": {"d"}, "d": {"c"}},   [["c", "d"], ["a", "b"]]),
    ("two circles, one knot",    {"a": {"b"}, "b": {"a", "c"}, "c": {"b"}},               [["a", "b", "c"]]),
    ("itself",                   {"a": {"a"}},                                            [["a"]]),
    ("a long line",              {str(n): {str(n + 1)} - {"9999"} for n in range(9_999)}, []),
]  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule(rule: Rule) -> None:
    complaints = [complaint for module in modules() for complaint in rule(module)]

    assert not complaints, "\n".join([f"{rule.__doc__}", *complaints])


def test_no_module_imports_itself_round_a_circle() -> None:
    found = cycles(graph_of(modules()))

    assert not found, "\n".join(
        f"import each other: {', '.join(group)}; there is a third module in them" for group in found
    )


@pytest.mark.parametrize(("graph", "wanted"), [row[1:] for row in CYCLES], ids=[row[0] for row in CYCLES])
def test_finds_cycles(graph: dict[str, set[str]], wanted: list[list[str]]) -> None:
    assert cycles(graph) == wanted


def test_every_module_stands_in_a_room() -> None:
    strangers = {module.name for module in source() if module.room and module.room not in MAY_IMPORT}

    assert not strangers, f"not in any room of tests/house/rooms.py: {', '.join(sorted(strangers))}"


def test_the_rooms_are_listed_lowest_first() -> None:
    done: set[str] = set()
    for room, may_import in MAY_IMPORT.items():
        assert set(may_import.split()) <= done, room
        done.add(room)


def test_every_door_still_stands() -> None:
    """A door that was moved or narrowed is taken off the list."""
    standing = {door for module in modules() for _, door, _ in broad_excepts(module)}

    assert set(DOORS) <= standing, f"listed as doors, but not there: {', '.join(sorted(set(DOORS) - standing))}"
