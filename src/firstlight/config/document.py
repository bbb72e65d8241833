"""YAML, read as the model wants it, with the line of everything.

The type of a setting decides what a scalar means, not YAML's guesses: where text is wanted, ``no``, ``1.10`` and
``0x10`` are text, and numbers are read as Python reads them. Read is plain YAML: mappings, lists, scalars, anchors.
What YAML would pass over in silence, or what could exhaust us, is refused: keys given twice, merge keys, tags, depth
beyond `MAX_DEPTH`, and aliases that multiply to more than `MAX_VALUES` values.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from firstlight.config.shape import Key, Shape, allows_null, dotted, inside
from firstlight.errors import Complaint, brief

MAX_DEPTH = 50
MAX_VALUES = 100_000

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_TAGS = {f"tag:yaml.org,2002:{name}" for name in "map seq str int float bool null timestamp value".split()}
_MERGE, _NULL = "tag:yaml.org,2002:merge", "tag:yaml.org,2002:null"
_GUESSED = {f"tag:yaml.org,2002:{name}" for name in ("int", "float", "bool")}

# What the parser says when it gives up; whether to look where something was opened; what the user most likely did.
_MISTAKES = (
    ("while scanning a quoted scalar", True, "the quote opened here is not closed"),
    ("while parsing a flow sequence", True, 'the list opened here with "[" is not closed with "]"'),
    ("while parsing a flow mapping", True, 'the mapping opened here with "{{" is not closed with "}}"'),
    (
        "while parsing a flow node",
        False,
        "found {found} where a value should be; write it in quotes, or close the list",
    ),
    ("while parsing a block", False, "this line does not fit its section, begun on line {since}; mend the indentation"),
    ("mapping values are not allowed", False, 'found ": " within a value; write it in quotes, or mend the indentation'),
    ("cannot start any token", False, "found {found} at the start of a value; write the value in quotes"),
    ("undefined alias", False, "found an alias whose anchor is nowhere above it"),
    ("found another document", False, "found a second document after ---; want one"),
)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a setting was written, ordered as complaints are told: the file by line, the environment, ``--set``."""

    rank: int
    line: int
    name: str
    names: Key | None = field(default=None, compare=False)
    """The setting that the name itself says: of a variable, and of ``--set store.url``."""

    def at(self, line: int) -> Place:
        """Return the place of a line, if this place has lines."""
        return self if self.names is not None else replace(self, line=line)

    def __str__(self) -> str:
        return f"{self.name}:{self.line}" if self.line else self.name


@dataclass(frozen=True, slots=True)
class Fault:
    """A complaint that still knows its key."""

    place: Place
    key: Key
    words: str

    def complaint(self) -> Complaint:
        """Return what is told to the user, who is not told twice which setting it is."""
        return Complaint(str(self.place), "" if self.key == self.place.names else dotted(self.key), self.words)


@dataclass(slots=True)
class Document:
    """What was read from one place: plain values, the place of each, and what is wrong already."""

    value: Any = None
    places: dict[Key, Place] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    readable: bool = True


def parse(text: str, shape: Shape, place: Place, key: Key = ()) -> Document:
    """Read `text` as the value of the setting at `key`. A document that cannot be read has a fault and no value."""
    document = Document(places={key: place})
    try:
        _check_depth(text)
        node = yaml.compose(text, Loader=LOADER)
        if node is not None:
            document.value = _Builder(document, place).value(node, shape, key, 0)
    except (yaml.YAMLError, UnicodeEncodeError, _Unreadable) as error:
        line, words = _explain(error, text)
        document.readable = False
        document.faults.append(Fault(place.at(line), key, f"cannot read the YAML: {words}"))
    return document


class _Unreadable(Exception):
    def __init__(self, found: yaml.Node | yaml.Event, words: str) -> None:
        super().__init__(words)
        self.line = _line(found)


def _line(found: yaml.Node | yaml.Event) -> int:
    return found.start_mark.line + 1 if found.start_mark else 1


def _check_depth(text: str) -> None:
    depth = 0
    # Before composing, because the C loader composes by recursion and dies of a hundred thousand brackets.
    for event in yaml.parse(text, Loader=LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise _Unreadable(event, f"it is nested deeper than {MAX_DEPTH} levels")


@dataclass(slots=True)
class _Builder:
    document: Document
    place: Place
    left: int = MAX_VALUES

    def value(self, node: yaml.Node, shape: Shape, key: Key, depth: int) -> Any:
        self.left -= 1
        if self.left < 0:
            raise _Unreadable(node, f"its aliases stand for more than {MAX_VALUES} values; write them out")
        if depth > MAX_DEPTH:
            raise _Unreadable(node, f"its aliases are nested deeper than {MAX_DEPTH} levels")
        if node.tag not in _TAGS:
            raise _Unreadable(node, f"found the tag {brief(node.tag)}; want plain YAML without tags")
        if isinstance(node, yaml.MappingNode):
            return dict(self._mapping(node, shape, key, depth))
        if isinstance(node, yaml.SequenceNode):
            return list(self._list(node, shape, key, depth))
        return _scalar(node, shape)

    def _mapping(self, node: yaml.MappingNode, shape: Shape, key: Key, depth: int) -> Iterator[tuple[str, Any]]:
        seen: dict[str, int] = {}
        for name, value in node.value:
            line = _line(name)
            if name.tag == _MERGE:
                raise _Unreadable(name, "found the merge key <<; write the settings out")
            if not isinstance(name, yaml.ScalarNode) or name.tag == _NULL or name.tag not in _TAGS:
                raise _Unreadable(name, "found a key that is not a word; want lines such as `name: value`")
            here = (*key, name.value)
            if name.value in seen:
                told = f"set twice, first on line {seen[name.value]}; keep one"
                self.document.faults.append(Fault(self.place.at(line), here, told))
                continue
            seen[name.value] = line
            wanted = inside(shape, name.value)
            found = self.value(value, wanted, here, depth + 1)
            # A section whose every line is commented out is as good as not there.
            if found is None and _is_left_out(wanted):
                continue
            self.document.places[here] = self.place.at(line)
            yield name.value, found

    def _list(self, node: yaml.SequenceNode, shape: Shape, key: Key, depth: int) -> Iterator[Any]:
        for number, value in enumerate(node.value):
            here = (*key, number)
            self.document.places[here] = self.place.at(_line(value))
            yield self.value(value, inside(shape, number), here, depth + 1)


def _is_left_out(shape: Shape) -> bool:
    return not allows_null(shape) and any(kind.model or kind.entries for kind in shape)


def _scalar(node: yaml.Node, shape: Shape) -> Any:
    if node.tag == _NULL:
        return None
    if node.tag in _GUESSED and not (shape and all(kind.is_text for kind in shape)):
        with suppress(ValueError, KeyError):  # as in `!!int abc`
            return yaml.SafeLoader("").construct_object(node)
    return node.value


def _explain(error: Exception, text: str) -> tuple[int, str]:
    """Return the line to look at and what is wrong there."""
    if isinstance(error, _Unreadable):
        return error.line, str(error)
    if not isinstance(error, yaml.MarkedYAMLError) or not error.problem_mark:
        return _unprintable(text)
    mark, opened, told = error.problem_mark, error.context_mark, f"{error.context} {error.problem}"
    line = "".join(text.split("\n")[mark.line : mark.line + 1])
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return mark.line + 1, "found a tab in the indentation; want spaces"
    for sign, at_opening, form in _MISTAKES:
        if sign in told:
            found, since = line[mark.column : mark.column + 1], opened.line + 1 if opened else 1
            words = form.format(found=repr(found) if found else "the end", since=since)
            return since if at_opening else mark.line + 1, words
    return mark.line + 1, error.problem or "it is not YAML"


def _unprintable(text: str) -> tuple[int, str]:
    found = yaml.reader.Reader.NON_PRINTABLE.search(text)
    start, character = (found.start(), brief(found[0])) if found else (0, "of no use")
    return text.count("\n", 0, start) + 1, f"found the character {character}; want text that can be printed"
