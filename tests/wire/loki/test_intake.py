"""The limits of a push, and Loki's words for what is beyond them."""

from __future__ import annotations

import pytest

from firstlight.wire.loki.intake import MAX_LOOKED_AT, MAX_TOLD
from firstlight.wire.loki.limits import PushLimits, sentence
from tests.wire.loki.pushes import NOW, SECOND, entries, in_json, refused, taken

GIVEN = {"a": "b"}
SHOWN = '{a="b", service_name="unknown_service"}'
OLDEST = "timestamp is: 2026-11-20T19:30:00Z"
OLD, NEW = str(NOW - 7200 * SECOND), str(NOW + 7200 * SECOND)

LIMITS = [
    (
        "too old",
        PushLimits(max_age_ns=3600 * SECOND),
        (GIVEN, [[OLD, "x"], [str(NOW), "y"]]),
        f"entry for stream '{SHOWN}' has timestamp too old: 2026-11-20T18:30:00Z, oldest acceptable {OLDEST}",
    ),
    (
        "too new",
        PushLimits(max_ahead_ns=600 * SECOND),
        (GIVEN, [[NEW, "x"], [str(NOW), "y"]]),
        f"entry for stream '{SHOWN}' has timestamp too new: 2026-11-20T22:30:00Z",
    ),
    (
        "metadata too large",
        PushLimits(max_metadata=5),
        (GIVEN, [[str(NOW), "x", {"abc": "def"}], [str(NOW), "y", {"ab": "cde"}]]),
        f"stream '{SHOWN}' has structured metadata too large: '6' bytes, limit: '5' bytes.",
    ),
    (
        "too many metadata",
        PushLimits(max_metadata_entries=1),
        (GIVEN, [[str(NOW), "x", {"a": "1", "b": "2"}], [str(NOW), "y"]]),
        f"stream '{SHOWN}' has too many structured metadata labels: '2', limit: '1'.",
    ),
]


@pytest.mark.parametrize(("limits", "stream", "words"), [row[1:] for row in LIMITS], ids=[row[0] for row in LIMITS])
def test_an_entry_beyond_a_limit_fails_alone(limits: PushLimits, stream: tuple[dict[str, str], list[list[str]]], words: str) -> None:  # fmt: skip
    """The others of its stream are kept."""
    batch = taken(in_json(stream), limits)
    assert [line for _, _, line, _ in entries(batch)] == ["y"]
    assert [(sentence(told), count) for told, count in refused(batch).items()] == [(words, 1)]


NAMED = 'service_name="s"'
STREAMS = [
    ("too many labels", PushLimits(max_label_names=1), {"a": "1", "b": "2"}, f"entry for stream '{{a=\"1\", b=\"2\", {NAMED}}}' has 2 label names; limit 1"),
    ("a name too long", PushLimits(max_label_name=12), {"a" * 13: "1"}, f"stream '{{{'a' * 13}=\"1\", {NAMED}}}' has label name too long: '{'a' * 13}'"),
    ("a value too long", PushLimits(max_label_value=2), {"a": "xyz"}, f"stream '{{a=\"xyz\", {NAMED}}}' has label value too long: 'xyz'"),
    ("a name that is none", PushLimits(), {"a-b": "1"}, f"Error parsing labels '{{a-b=\"1\", {NAMED}}}' with error: parse error at line 1, col 3: unexpected '-b=\"1\", service_name', expecting ="),
]  # fmt: skip


@pytest.mark.parametrize(("limits", "labels", "words"), [row[1:] for row in STREAMS], ids=[row[0] for row in STREAMS])
def test_a_stream_beyond_a_limit_fails_alone(limits: PushLimits, labels: dict[str, str], words: str) -> None:
    """All its entries are refused with one complaint; other streams are kept."""
    bad = {**labels, "service_name": "s"}
    batch = taken(in_json((bad, [["1", "x"], ["2", "y"]]), ({"service_name": "s"}, [["3", "z"]])), limits)
    assert [line for _, _, line, _ in entries(batch)] == ["z"]
    assert [(sentence(told), count) for told, count in refused(batch).items()] == [(words, 2)]


def test_without_limits_nothing_is_refused() -> None:
    """Where a limit is 0, everything passes."""
    none = PushLimits(0, 0, 0, 0, 0, 0, 0, 0)
    many = {f"label_{number}": "v" * 5000 for number in range(200)}
    batch = taken(in_json((many, [["1", "x" * 2_000_000, {f"k{n}": "v" * 999 for n in range(300)}]])), none)
    assert (batch.items, refused(batch)) == (1, {})


def test_long_lines_are_cut_with_a_mark() -> None:
    """A line over the limit is kept up to it, never within a character, and counted."""
    cut: list[int] = []
    lines = [["1", "x" * 10], ["2", "é" * 6], ["3", "y" * 30]]
    batch = taken(in_json((GIVEN, lines)), PushLimits(max_line=11), cut)
    assert [line for _, _, line, _ in entries(batch)] == [
        "x" * 10,
        "é" * 5 + "… [cut: the line had 12 bytes]",
        "y" * 11 + "… [cut: the line had 30 bytes]",
    ]
    assert (cut, batch.items, refused(batch)) == ([2], 3, {})


def test_complaints_are_bounded() -> None:
    """However many entries are refused, and for however many reasons, a push earns so many complaints and no more."""
    count = MAX_LOOKED_AT + 500
    values = [[str(NOW - (7200 + number) * SECOND), "x"] for number in range(count)]
    batch = taken(in_json((GIVEN, values)), PushLimits(max_age_ns=SECOND))
    assert batch.items == 0
    assert batch.rejected.total == count
    assert len(refused(batch)) == MAX_TOLD + 1


def test_streams_are_origins_with_exactly_their_labels() -> None:
    """The same labels are the same origin, whichever push brings them."""
    first, second = (
        taken(in_json(({"app": "a", "x": "y"}, [["1", "l"]]))),
        taken(in_json(({"x": "y", "app": "a"}, [["1", "l"]]))),
    )
    rows = [batch.tables["origins"].to_pylist()[0] for batch in (first, second)]
    assert rows[0] == rows[1]
    assert (rows[0]["service"], rows[0]["resource"]) == ("a", [])
