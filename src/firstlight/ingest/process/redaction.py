"""Makes unreadable what must not be stored: in any column of texts, in fields and attributes by their names.

A column is first looked at as bytes, for each detector; only rows that may hold something are searched. `Redactor.text`
serves every column of texts, those of spans as well.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from firstlight.ingest.process.counts import ProcessInstruments
from firstlight.ingest.process.found import Mask, chosen
from firstlight.ingest.process.redaction_bodies import without_value
from firstlight.ingest.process.redaction_detectors import DETECTORS, Detector, custom
from firstlight.ingest.process.redaction_settings import Action, RedactionSettings
from firstlight.ingest.process.texts import buffers, plain, replaced
from firstlight.ingest.process.understanding import Understood

MASK = "***"
HASH_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Redactor:
    """What is looked for and what is done with it."""

    detectors: tuple[tuple[Detector, Action], ...]
    names: Mapping[str, Action]
    key: bytes

    @classmethod
    def of(cls, settings: RedactionSettings) -> Redactor | None:
        """Return the redactor that the settings want, None if they want none."""
        if not settings.is_on:
            return None
        built_in = [(one, settings.detectors[name]) for name, one in DETECTORS.items() if name in settings.detectors]
        own = [(custom(one.name, one.regex), one.action) for one in settings.custom]
        key = settings.hash_key.get_secret_value() if settings.hash_key else ""
        return cls((*built_in, *own), dict(settings.fields), hashlib.blake2b(key.encode()).digest())

    def text(self, column: pa.StringArray, counts: ProcessInstruments) -> pa.StringArray:
        """Return a column of texts with nothing in it that a detector finds; the same object if nothing was."""
        for detector, action in self.detectors:
            rows = detector.look(column)
            if not len(rows):
                continue
            changed: dict[int, str] = {}
            count = 0
            texts = column.take(pa.array(rows)).to_pylist()
            for row, text in zip(rows.tolist(), texts, strict=True):
                spans = detector.spans(text) if text else []
                if spans:
                    changed[row] = self._without(text, spans, action)
                    count += len(spans)
            if changed:
                column = replaced(column, np.array(list(changed), np.int64), list(changed.values()))
                counts.redactions.add(count, detector.name)
        return column

    def value(self, text: str, action: Action) -> str:
        """Return what stands in place of a value."""
        match action:
            case "mask":
                return MASK
            case "hash":
                return f"hash:{hashlib.blake2b(text.encode(), key=self.key, digest_size=HASH_DIGITS // 2).hexdigest()}"
            case "drop":
                return ""

    def fields(
        self, found: Understood, body: pa.StringArray, counts: ProcessInstruments
    ) -> tuple[Understood, pa.StringArray]:
        """Return fields redacted, by detectors and by their names, and bodies without the values of the latter."""
        values = self.text(found.found.values, counts)
        fields = replace(found.found, values=values)
        actions = {name: action for name in found.names.codes if (action := self._action(name))}
        codes = np.array([found.names.codes[name] for name in actions], np.int64)
        at = np.flatnonzero(np.isin(fields.names, codes)) if len(codes) else codes
        if not len(at):
            return replace(found, found=fields), body
        named = {found.names.codes[name]: (name, action) for name, action in actions.items()}
        old, new = values.take(pa.array(at)).to_pylist(), []
        originals = found.found.values.take(pa.array(at)).to_pylist()
        bodies: dict[int, str] = {}
        for place, row, value, original in zip(at.tolist(), fields.row_of[at].tolist(), old, originals, strict=True):
            name, action = named[int(fields.names[place])]
            hidden = self.value(value, action) if value else ""
            new.append(hidden)
            if value:
                counts.redactions.add(1, f"field {name}")
                text = bodies.get(row)
                bodies[row] = without_value(body[row].as_py() if text is None else text, name, original, hidden)
        fields = replace(fields, values=replaced(values, at, new))
        dropped = np.isin(fields.names, [code for code, (_, action) in named.items() if action == "drop"])
        if bodies:
            body = replaced(body, np.array(list(bodies), np.int64), list(bodies.values()))
        return replace(found, found=chosen(fields, ~dropped)), body

    def attributes(
        self, column: pa.MapArray, types: pa.StringArray, counts: ProcessInstruments
    ) -> tuple[pa.MapArray, pa.StringArray] | None:
        """Return attributes redacted and their types, None if nothing is. What is hidden is a text from then on."""
        starts = column.offsets.to_numpy()
        low, high = int(starts[0]), int(starts[-1])
        keys, items = column.keys.slice(low, high - low), column.items.slice(low, high - low)
        values = self.text(items, counts)
        encoded = keys.dictionary_encode()
        words = encoded.dictionary.to_pylist()
        actions = [self._action(name) for name in words]
        if values is items and not any(actions):
            return None
        codes = encoded.indices.to_numpy()
        there: Mask = np.array([action is not None for action in actions] or [False], np.bool_)[codes]
        at = np.flatnonzero(there)
        if len(at):
            new = []
            for code, value in zip(codes[at].tolist(), values.take(pa.array(at)).to_pylist(), strict=True):
                action = actions[code]
                new.append(self.value(value, action) if action and value else "")
                counts.redactions.add(1, f"field {words[code]}")
            values = replaced(values, at, new)
        letters = buffers(types)[1][buffers(types)[0][0] : buffers(types)[0][-1]].copy()
        changed = (
            np.array([a != b for a, b in zip(items.to_pylist(), values.to_pylist(), strict=True)], np.bool_)
            if len(items)
            else there
        )
        if len(letters) == len(changed):
            letters[changed] = ord("s")
        bounds = (starts - low).astype(np.int32)
        new_types = pa.StringArray.from_buffers(len(types), pa.py_buffer(bounds), pa.py_buffer(letters))
        if len(letters) != len(changed):
            new_types = types
        return pa.MapArray.from_arrays(pa.array(bounds), keys, values), new_types

    def table(
        self, rows: pa.Table, texts: Sequence[str], maps: Sequence[tuple[str, str]], counts: ProcessInstruments
    ) -> pa.Table:
        """Return a table redacted: its columns of `texts`, and of attributes with their types.

        Attributes may be lists of such, as those of a span's events are:

            redactor.table(spans, ("name", "status_message"), (("attributes", "attribute_types"),
                           ("event_attributes", "event_types"), ("link_attributes", "link_types")), counts)
        """
        changed: dict[str, pa.Array] = {}
        for name in texts:
            changed[name] = self.text(plain(rows[name]), counts)
        for name, types in maps:
            column, letters = plain(rows[name]), plain(rows[types])
            if pa.types.is_list(column.type):
                found = self.attributes(column.flatten(), letters.flatten(), counts)
                if found is not None:
                    starts = column.offsets.to_numpy()
                    bounds = pa.array((starts - starts[0]).astype(np.int32))
                    changed[name] = pa.ListArray.from_arrays(bounds, found[0])
                    changed[types] = pa.ListArray.from_arrays(bounds, found[1])
            else:
                found = self.attributes(column, letters, counts)
                if found is not None:
                    changed[name], changed[types] = found
        columns = [changed.get(name, rows[name]) for name in rows.column_names]
        return pa.Table.from_arrays(columns, schema=rows.schema)

    def _action(self, name: str) -> Action | None:
        found = self.names.get(name)
        if found is not None:
            return found
        return next((action for own, action in self.names.items() if name.startswith(f"{own}.")), None)

    def _without(self, text: str, spans: list[tuple[int, int]], action: Action) -> str:
        parts, place = [], 0
        for start, end in sorted(spans):
            if start < place:
                continue
            parts += [text[place:start], self.value(text[start:end], action)]
            place = end
        return "".join([*parts, text[place:]])
