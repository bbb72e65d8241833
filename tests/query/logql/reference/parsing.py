"""What parsers find in a line: plainly, and one line at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

from firstlight.query.logql.ast import JsonParser, LogfmtParser, PatternParser, RegexpParser
from tests.query.logql.reference.labels import LineLabels

JSON_ERROR: Final = "JSONParserErr"
LOGFMT_ERROR: Final = "LogfmtParserErr"


class Pairs(list[tuple[str, Any]]):
    """The members of a JSON object, in their order and with those that are there twice."""


class Number(str):
    """A JSON number as it was written."""

    __slots__ = ()


_DECODER: Final = json.JSONDecoder(object_pairs_hook=Pairs, parse_int=Number, parse_float=Number)


def json_of(line: str) -> Any:
    """Return what a JSON text says; numbers stay as they were written."""
    return _DECODER.decode(line)


def compact(value: Any) -> str:
    """Return JSON as our corpora write it: without blanks."""
    if isinstance(value, Pairs):
        return "{" + ",".join(f"{json.dumps(name)}:{compact(inner)}" for name, inner in value) + "}"
    if isinstance(value, list):
        return f"[{','.join(map(compact, value))}]"
    return value if isinstance(value, Number) else json.dumps(value)


def sanitized(name: str, *, first: bool = True) -> str:
    """Return what of a name may be a label's."""
    name = re.sub("[^a-zA-Z0-9_]", "_", name.strip())
    return f"_{name}" if first and name[:1].isdigit() else name


def parse_json(stage: JsonParser, line: str, labels: LineLabels) -> None:
    """Make labels of the fields of a JSON object, or of those that are asked for."""
    if stage.extractions:
        _extract_json(stage, line, labels)
        return
    try:
        for member in members_of(line):
            _members([member], "", labels)
    except ValueError as error:
        labels.fail(JSON_ERROR, str(error))


def members_of(line: str) -> Iterator[tuple[str, Any]]:
    """Yield the members of an object, as long as it is one; what follows it is not looked at."""
    place = _expected(line, 0, "{")
    while not line.startswith("}", place):
        name, place = _DECODER.raw_decode(line, place)
        if not isinstance(name, str):
            raise ValueError(f"no name: {name}")
        value, place = _DECODER.raw_decode(line, _expected(line, place, ":"))
        yield name, value
        place = _after_blanks(line, place)
        if not line.startswith("}", place):
            place = _expected(line, place, ",")


def _expected(line: str, place: int, mark: str) -> int:
    place = _after_blanks(line, place)
    if not line.startswith(mark, place):
        raise ValueError(f"no {mark} at {place}")
    return _after_blanks(line, place + 1)


def _after_blanks(line: str, place: int) -> int:
    return len(line) - len(line[place:].lstrip(" \t\r\n"))


def _members(members: Sequence[tuple[str, Any]], prefix: str, labels: LineLabels) -> None:
    for name, value in members:
        part = sanitized(name, first=not prefix)
        full = f"{prefix}_{part}" if prefix and part else prefix or part
        if isinstance(value, Pairs):
            _members(value, full, labels)
        elif isinstance(value, str | bool) and full:
            labels.parse(full, json.dumps(value) if isinstance(value, bool) else str(value))


def _extract_json(stage: JsonParser, line: str, labels: LineLabels) -> None:
    if not line:
        return
    if line[0] not in '"{[':
        labels.fail(JSON_ERROR)
        return
    whole = _as_far_as_it_goes(line)
    missing = []
    for one in stage.extractions:
        found, value = _at_path(whole, one.path)
        if not found:
            missing.append(one.label)
        elif value is None:
            labels.set(labels.free(one.label), "")
        else:
            text = str(value) if isinstance(value, str) else compact(value)
            labels.set(labels.free(one.label), text)
    for name in missing:
        if labels.get(name) is None:
            labels.set(name, "")


def _as_far_as_it_goes(line: str) -> Any:
    if line[0] != "{":
        return json_of(line)
    members = Pairs()
    with suppress(ValueError):
        for member in members_of(line):
            members.append(member)
    return members


def _at_path(value: Any, path: str) -> tuple[bool, Any]:
    for member, index in re.findall(r"\.?([A-Za-z_]\w*)|\[(\d+)\]", path):
        if index:
            if not isinstance(value, list) or isinstance(value, Pairs) or int(index) >= len(value):
                return False, None
            value = value[int(index)]
            continue
        inner = [one for name, one in value if name == member] if isinstance(value, Pairs) else []
        if not inner:
            return False, None
        value = inner[0]
    return True, value


def logfmt_pairs(line: str, *, strict: bool) -> tuple[list[tuple[str, str]], bool]:
    """Return the keys and values of a line, and whether all of it could be read; `strict` stops where it could not."""
    pairs: list[tuple[str, str]] = []
    fine = True
    place = 0
    while place < len(line):
        if line[place] <= " ":
            place += 1
            continue
        found = re.compile(
            r'([^=" \x00-\x1f]+)(?:=("(?:[^"\\]|\\.)*"|[^"= \x00-\x1f]*)(?=[ \x00-\x1f]|$|(?<=")))?'
        ).match(line, place)
        whole = found is not None and (
            found.end() == len(line) or line[found.end()] not in '="' or line[found.end() - 1] == '"'
        )
        if found is None or not whole:
            fine = False
            if strict:
                break
            rest = re.compile(r"[ \x00-\x1f]").search(line, place)
            place = rest.start() if rest else len(line)
            continue
        value = found[2] or ""
        pairs.append((found[1], json.loads(value) if value.startswith('"') else value))
        place = found.end()
    return pairs, fine


def parse_logfmt(stage: LogfmtParser, line: str, labels: LineLabels) -> None:
    """Make labels of the keys of a line, or of those that are asked for."""
    pairs, fine = logfmt_pairs(line, strict=stage.strict)
    if stage.extractions:
        _extract_logfmt(stage, pairs, labels)
    else:
        for key, value in pairs:
            name = labels.free(sanitized(key))
            if name and name not in labels.extracted and (value or stage.keep_empty):
                labels.set(name, value)
    if stage.strict and not fine:
        labels.fail(LOGFMT_ERROR, "no logfmt")


def _extract_logfmt(stage: LogfmtParser, pairs: list[tuple[str, str]], labels: LineLabels) -> None:
    wanted = {one.label: one.path for one in stage.extractions}
    for name in wanted:
        if not labels.is_taken(name):
            labels.set(name, "")
    for written, value in pairs:
        key = sanitized(written)
        if key not in wanted and key in labels.extracted:
            continue
        name = next((label for label, path in wanted.items() if path == key), key)
        if name in wanted:
            labels.set(labels.free(name), value)


def parse_regexp(stage: RegexpParser, line: str, labels: LineLabels) -> None:
    """Make labels of the named groups of an expression."""
    machine = re.compile(stage.regex, re.ASCII)
    found = machine.search(line)
    if found is not None:
        for name, _ in sorted(machine.groupindex.items(), key=lambda group: group[1]):
            labels.parse(sanitized(name), found[name] or "")


def pattern_parts(pattern: str) -> list[str]:
    """Return literals and, with their angle brackets, captures."""
    return [part for part in re.split(r"(<[A-Za-z_]\w*>)", pattern) if part]


def is_capture(part: str) -> bool:
    """Return whether a part of a pattern is a capture."""
    return re.fullmatch(r"<[A-Za-z_]\w*>", part) is not None


def parse_pattern(stage: PatternParser, line: str, labels: LineLabels) -> None:
    """Make labels of the captures of a pattern, as far as the line is like it."""
    parts = pattern_parts(stage.pattern)
    rest = line
    if not line:
        return
    if not is_capture(parts[0]):
        if not line.startswith(parts[0]):
            return
        rest = line[len(parts[0]) :]
        parts = parts[1:]
    while parts:
        capture, literal = parts[0][1:-1], parts[1] if len(parts) > 1 else ""
        caught, found, after = rest.partition(literal) if literal else (rest, "", "")
        if capture != "_":
            labels.parse(capture, caught)
        if not found:
            return
        rest, parts = after, parts[2:]


def parse_packed(line: str, labels: LineLabels) -> str:
    """Make labels of a packed line; return the line that was packed."""
    if not line:
        return line
    try:
        whole = list(members_of(line))
    except ValueError:
        labels.fail(JSON_ERROR, "no packed line")
        return line
    texts = [(name, value) for name, value in whole if isinstance(value, str) and not isinstance(value, Number)]
    entries = [value for name, value in texts if name == "_entry"]
    if not entries:
        return line
    for name, value in texts:
        free = labels.free(name)
        if name != "_entry" and free not in labels.extracted:
            labels.set(sanitized(free), value)
    return str(entries[-1])
