"""What a push may hold: the limits that Loki has by these names, and its words for what is beyond them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from firstlight.wire.loki.labels import SERVICE, labels_text

MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class PushLimits:
    """How much is taken of one stream and one entry; 0 for any."""

    max_label_names: int = 100
    max_label_name: int = 1024
    """Bytes of a label's name, as of its value the next."""
    max_label_value: int = 2048
    max_age_ns: int = 0
    """How old an entry may be."""
    max_ahead_ns: int = 0
    """How far in the future it may be."""
    max_metadata: int = 64 * 1024
    """Bytes of the structured metadata of one entry."""
    max_metadata_entries: int = 128
    max_line: int = MIB
    """From how many bytes on a line is cut."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why something is refused: a reason for the metrics, and the sentence that Loki tells its sender."""

    reason: str
    words: str

    @property
    def told(self) -> str:
        """Return both, as `Rejections` counts them; `sentence` gives back the words."""
        return f"{self.reason}: {self.words}"


def sentence(told: str) -> str:
    """Return the words of a `Fault`, or a reason that is its own words."""
    reason, _, words = told.partition(": ")
    return words or reason


def stream_fault(labels: Mapping[str, str], limits: PushLimits) -> Fault | None:
    """Return what is wrong with the labels of a stream, those among them that were found for it."""
    if not labels:
        return Fault("missing labels", "error at least one label pair is required per stream")
    names = len(labels) - (SERVICE in labels)  # what is found for a stream must not make it one too many
    if 0 < limits.max_label_names < names:
        words = f"entry for stream '{_shown(labels)}' has {names} label names; limit {limits.max_label_names}"
        return Fault("too many label names", words)
    for name, value in labels.items():
        if 0 < limits.max_label_name < len(name.encode("utf-8", "surrogatepass")):
            return Fault(
                "label name too long", f"stream '{_shown(labels)}' has label name too long: '{_cut(name, 100)}'"
            )
        if 0 < limits.max_label_value < len(value.encode("utf-8", "surrogatepass")):
            words = f"stream '{_shown(labels)}' has label value too long: '{_cut(value, 100)}'"
            return Fault("label value too long", words)
    return None


def bad_labels(text: str, reason: object) -> Fault:
    """Return what is told of a stream whose labels cannot be read."""
    return Fault("labels malformed", f"Error parsing labels '{_cut(text)}' with error: {reason}")


def too_old(labels: Mapping[str, str], ts_ns: int, oldest_ns: int) -> Fault:
    """Return what is told of an entry older than the oldest that may be."""
    words = (
        f"entry for stream '{_shown(labels)}' has timestamp too old: {second(ts_ns)}, "
        f"oldest acceptable timestamp is: {second(oldest_ns)}"
    )
    return Fault("timestamp too old", words)


def too_new(labels: Mapping[str, str], ts_ns: int) -> Fault:
    """Return what is told of an entry from the future."""
    return Fault("timestamp too new", f"entry for stream '{_shown(labels)}' has timestamp too new: {second(ts_ns)}")


def metadata_too_large(labels: Mapping[str, str], size: int, limit: int) -> Fault:
    """Return what is told of an entry with too many bytes of structured metadata."""
    words = f"stream '{_shown(labels)}' has structured metadata too large: '{size}' bytes, limit: '{limit}' bytes."
    return Fault("structured metadata too large", words)


def metadata_too_many(labels: Mapping[str, str], count: int, limit: int) -> Fault:
    """Return what is told of an entry with too many names in its structured metadata."""
    words = f"stream '{_shown(labels)}' has too many structured metadata labels: '{count}', limit: '{limit}'."
    return Fault("structured metadata too many", words)


def second(time_ns: int) -> str:
    """Return a time as Loki's complaints have it.

    >>> second(1795206540000000001)
    '2026-11-20T20:29:00Z'
    """
    return f"{datetime.fromtimestamp(time_ns // 10**9, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _shown(labels: Mapping[str, str]) -> str:
    return _cut(labels_text(labels))


def _cut(text: str, limit: int = 500) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
