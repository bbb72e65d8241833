"""Relabelling: each action, and what it does at the edges (P5)."""

from __future__ import annotations

from typing import Any

import pytest

from firstlight.ingest.scrape.relabel import Rule, relabel

BEFORE = {"a": "foo", "b": "bar", "c": "baz"}

ROWS: tuple[tuple[str, list[dict[str, Any]], dict[str, str | None] | None], ...] = (
    # what it shows, the rules, what changes (None: dropped)
    ("replace by a group", [{"source_labels": ("a",), "regex": "f(.*)", "target_label": "d", "replacement": "ch${1}"}], {"d": "choo"}),
    ("replace joins values", [{"source_labels": ("a", "b"), "regex": "(.*);(.*)", "target_label": "a", "replacement": "$2-$1"}], {"a": "bar-foo"}),
    ("replace without a match", [{"source_labels": ("a",), "regex": "o", "target_label": "d", "replacement": "x"}], {}),
    ("replace by nothing deletes", [{"source_labels": ("a",), "target_label": "b", "replacement": ""}], {"b": None}),
    ("replace names its target by groups", [{"source_labels": ("a", "b"), "regex": "(f).*;(.*)", "target_label": "${1}_$2", "replacement": "$1"}], {"f_bar": "f"}),
    ("replace with a fixed text", [{"target_label": "d", "replacement": "x"}], {"d": "x"}),
    ("replace to a name that is empty", [{"source_labels": ("a",), "target_label": "${2}", "replacement": "x"}], {}),
    ("replace to a name of UTF-8", [{"target_label": "straße.1", "replacement": "x"}], {"straße.1": "x"}),
    ("replace refuses such a name where it must", [{"source_labels": ("a",), "target_label": "$1.x", "replacement": "x", "legacy": True}], {}),
    ("replace of a label that is not there", [{"source_labels": ("z",), "target_label": "d"}], {}),
    ("keep what matches", [{"action": "keep", "source_labels": ("a",), "regex": "fo+"}], {}),
    ("keep drops the rest", [{"action": "keep", "source_labels": ("a",), "regex": "o"}], None),
    ("drop what matches", [{"action": "drop", "source_labels": ("a",), "regex": ".*o"}], None),
    ("drop keeps the rest", [{"action": "drop", "source_labels": ("a",), "regex": "f"}], {}),
    ("drop before others", [{"action": "drop", "source_labels": ("a",), "regex": "foo"}, {"target_label": "d", "replacement": "x"}], None),
    ("keepequal keeps", [{"target_label": "d", "replacement": "foo"}, {"action": "keepequal", "source_labels": ("a",), "target_label": "d"}], {"d": "foo"}),
    ("keepequal drops", [{"action": "keepequal", "source_labels": ("a",), "target_label": "b"}], None),
    ("dropequal drops", [{"target_label": "d", "replacement": "foo"}, {"action": "dropequal", "source_labels": ("a",), "target_label": "d"}], None),
    ("dropequal keeps", [{"action": "dropequal", "source_labels": ("a",), "target_label": "b"}], {}),
    ("hashmod: of md5, the last eight bytes", [{"action": "hashmod", "source_labels": ("c",), "target_label": "d", "modulus": 1000}], {"d": "976"}),
    ("hashmod of nothing", [{"action": "hashmod", "source_labels": ("z",), "target_label": "d", "modulus": 7}], {"d": "1"}),
    ("labelmap", [{"action": "labelmap", "regex": "(a|b)", "replacement": "x_$1"}], {"x_a": "foo", "x_b": "bar"}),
    ("labelmap of two to one: the last by name", [{"action": "labelmap", "regex": "(.)", "replacement": "x"}], {"x": "baz"}),
    ("labeldrop", [{"action": "labeldrop", "regex": "a|b"}], {"a": None, "b": None}),
    ("labelkeep", [{"action": "labelkeep", "regex": "a|b"}], {"c": None}),
    ("lowercase", [{"target_label": "d", "replacement": "FÜR İ"}, {"action": "lowercase", "source_labels": ("d",), "target_label": "d"}], {"d": "für i"}),
    ("uppercase, letter by letter", [{"target_label": "d", "replacement": "straße"}, {"action": "uppercase", "source_labels": ("d",), "target_label": "d"}], {"d": "STRAßE"}),
)  # fmt: skip


@pytest.mark.parametrize(("rules", "changes"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_relabel(rules: list[dict[str, Any]], changes: dict[str, str | None] | None) -> None:
    """A rule does what Prometheus does."""
    found = relabel(BEFORE, [Rule(**rule) for rule in rules])

    if changes is None:
        assert found is None
    else:
        wanted = {**BEFORE, **changes}
        assert found == {name: value for name, value in wanted.items() if value is not None}


def test_leaves_its_input_alone() -> None:
    """Labels that are given are not changed."""
    labels = dict(BEFORE)

    relabel(labels, [Rule(target_label="a", replacement="x"), Rule(action="labeldrop", regex="b")])

    assert labels == BEFORE
