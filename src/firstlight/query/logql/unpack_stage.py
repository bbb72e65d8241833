"""`| unpack`: the line is an object of labels and, as `_entry`, the line itself (Promtail's stage `pack`)."""

from __future__ import annotations

from typing import Final

from firstlight.query.logql.json_names import sanitized
from firstlight.query.logql.json_scan import MALFORMED_ESCAPE, BadJson, Kind, each_member, label_text, unescaped
from firstlight.query.logql.json_stage import failed
from firstlight.query.logql.label_sets import EXTRACTED, LabelSet
from firstlight.query.logql.pipeline_block import Rewrite

ENTRY: Final = b"_entry"

_NOT_OBJECT: Final = "expecting json object(6), but it is not"


def compile_unpack(wanted: frozenset[str] | None, *, preserve: bool) -> Rewrite:
    """Return what unpacks a line."""

    def unpack(text: str, _: int, labels: LabelSet) -> tuple[str, LabelSet]:
        if not text:
            return text, labels
        if wanted is not None and all(name in labels.parsed or name in labels.gone for name in wanted):
            return text, labels
        if text[0] != "{":
            return text, failed(labels, _NOT_OBJECT, preserve=preserve)
        found: list[tuple[str, str]] = []
        entries: list[str] = []

        def visit(key: bytes, value: bytes, kind: Kind) -> None:
            if kind is not Kind.STRING:
                return
            if key == ENTRY:
                try:
                    entries.append(unescaped(value))
                except BadJson:
                    raise BadJson(MALFORMED_ESCAPE) from None
                return
            name = key.decode("utf-8", "replace")
            if name in labels.reserved:
                name += EXTRACTED
            if name in labels.parsed or name in labels.gone or (wanted is not None and name not in wanted):
                return
            found.append((sanitized(name), label_text(value)))

        try:
            each_member(text.encode("utf-8", "surrogateescape"), visit)
        except BadJson as error:
            return text, failed(labels, str(error), preserve=preserve)
        if not entries:
            return text, labels
        return entries[-1], labels.with_parsed({**labels.parsed, **dict(found)})

    return unpack
