"""Which regular expressions Loki does without its engine of regular expressions.

Loki compiles simple expressions, such as `error|warn.*`, to searches for texts. That shows in its canonical form of
label filters, and in what they match: see `is_literal_search`. The expression is taken apart as Go's `regexp/syntax`
does it, as far as that decides; whether it is one at all, others have checked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

MOST_PARTS: Final = 2_000
"""Expressions with more parts than this are not taken apart."""

_PIECE: Final = re.compile(
    r"""
      (?P<quoted>\\Q(?P<inside>.*?)(?:\\E|\Z))
    | (?P<property>\\[pP](?:\{[^}]*\}|.))
    | (?P<code>\\x(?:\{(?P<long>[0-9a-fA-F]+)\}|(?P<short>[0-9a-fA-F]{2}))|\\(?P<octal>[0-7]{1,3}))
    | (?P<class>\\[dDsSwW])
    | (?P<place>\\[AbBz]|[\^$])
    | (?P<escaped>\\.)
    | (?P<set>\[\^?\]?(?:\[:\^?[a-z]+:\]|\\.|[^\]\\])*\])
    | (?P<flags>\(\?(?P<set_flags>[imsU-]*)(?P<flags_end>[:)]))
    | (?P<name>\(\?P?<\w+>)
    | (?P<open>\()
    | (?P<close>\))
    | (?P<or>\|)
    | (?P<repeat>\{\d+(?:,\d*)?\}\??|[*+?]\??)
    | (?P<dot>\.)
    | (?P<plain>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_CONTROLS: Final = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}

Kind = Literal["text", "dot", "any", "set", "place", "nothing", "star", "plus", "other", "sequence", "choice"]


@dataclass(frozen=True, slots=True)
class _Part:
    kind: Kind
    text: str = ""
    fold: bool = False
    parts: tuple[_Part, ...] = ()


_NOTHING: Final = _Part("nothing")


@lru_cache(maxsize=1024)
def is_literal_search(regex: str) -> bool:
    """Return whether Loki searches for texts instead of matching `regex`."""
    pieces = list(_PIECE.finditer(regex))
    return len(pieces) <= MOST_PARTS and _is_search(_Reader(pieces).choice(fold=False, dot_all=False))


def _is_search(part: _Part) -> bool:
    match part.kind:
        case "text" | "nothing":
            return True
        case "star" | "plus":
            return part.parts[0].kind == "dot"
        case "choice":
            return all(map(_is_search, part.parts))
        case "sequence":
            return _is_sequence_search(part, has_text=False)
        case _:
            return False


def _is_sequence_search(sequence: _Part, *, has_text: bool) -> bool:
    parts = [part for part in sequence.parts if part.kind != "nothing"]
    texts, fold, chosen = 0, False, False
    if len(parts) > 3:
        return False
    for part in parts:
        if part.kind == "text":
            if texts:
                return False
            texts, fold, has_text = 1, part.fold, True
        elif part.kind == "choice" and has_text:
            if not all(_is_ending(one, fold=fold) for one in part.parts):
                return False
            chosen = True
        elif not _is_dot_star(part):
            return False
    return chosen or has_text


def _is_ending(part: _Part, *, fold: bool) -> bool:
    if part.fold and not fold:
        return False
    if part.kind == "sequence":
        return _is_sequence_search(part, has_text=True)
    return part.kind in ("nothing", "text") or _is_dot_star(part)


def _is_dot_star(part: _Part) -> bool:
    return part.kind == "star" and part.parts[0].kind == "dot"


class _Reader:
    """Takes the pieces of an expression together to parts."""

    def __init__(self, pieces: list[re.Match[str]]) -> None:
        self._pieces = pieces
        self._place = 0

    def choice(self, *, fold: bool, dot_all: bool) -> _Part:
        """Read up to the end of the group, or of all."""
        legs: list[list[_Part]] = [[]]
        while self._place < len(self._pieces):
            piece = self._pieces[self._place]
            self._place += 1
            match piece.lastgroup:
                case "close":
                    break
                case "or":
                    legs.append([])
                case "flags":
                    added, _, removed = piece["set_flags"].partition("-")
                    inner_fold = (fold or "i" in added) and "i" not in removed
                    inner_all = (dot_all or "s" in added) and "s" not in removed
                    if piece["flags_end"] == ":":
                        legs[-1].append(self.choice(fold=inner_fold, dot_all=inner_all))
                    else:
                        fold, dot_all = inner_fold, inner_all
                case "open" | "name":
                    legs[-1].append(self.choice(fold=fold, dot_all=dot_all))
                case "repeat":
                    _repeat(legs[-1], piece.group())
                case _:
                    legs[-1].extend(_parts_of(piece, fold=fold, dot_all=dot_all))
        return _choice([_sequence(leg) for leg in legs])


def _parts_of(piece: re.Match[str], *, fold: bool, dot_all: bool) -> list[_Part]:
    match piece.lastgroup:
        case "quoted":
            return [_Part("text", character, fold) for character in piece["inside"]]
        case "code":
            code = piece["long"] or piece["short"]
            return [_Part("text", chr(int(code, 16) if code else int(piece["octal"], 8)), fold)]
        case "escaped":
            character = piece.group()[1]
            return [_Part("text", _CONTROLS.get(character, character), fold)]
        case "set":
            inside = piece.group()[1:-1]
            return [_Part("text", inside, fold) if len(inside) == 1 and inside != "^" else _Part("set", inside)]
        case "dot":
            return [_Part("any" if dot_all else "dot")]
        case "place":
            return [_Part("place", piece.group())]
        case "property" | "class":
            return [_Part("set", piece.group())]
        case _:
            return [_Part("text", piece.group(), fold)]


def _repeat(leg: list[_Part], mark: str) -> None:
    repeated = leg.pop()
    mark = mark[:-1] if len(mark) > 1 and mark[-1] == "?" else mark
    if mark in ("{0}", "{0,0}"):
        leg.append(_NOTHING)
    elif mark in ("{1}", "{1,1}"):
        leg.append(repeated)
    elif mark in ("*", "{0,}"):
        leg.append(repeated if repeated.kind == "star" else _Part("star", parts=(repeated,)))
    elif mark in ("+", "{1,}"):
        leg.append(repeated if repeated.kind in ("star", "plus") else _Part("plus", parts=(repeated,)))
    elif mark == "?":
        leg.append(repeated if repeated.kind == "star" else _Part("other", parts=(repeated,)))
    else:
        leg.append(_Part("other", parts=(repeated,)))


def _sequence(leg: list[_Part]) -> _Part:
    """Return one part for several: characters become a text, sequences within a sequence are not opened."""
    parts: list[_Part] = []
    for part in leg:
        last = parts[-1] if parts else None
        if last is not None and last.kind == "text" == part.kind and last.fold == part.fold and part.text:
            parts[-1] = _Part("text", last.text + part.text, part.fold)
        else:
            parts.append(part)
    if not parts:
        return _NOTHING
    return parts[0] if len(parts) == 1 else _Part("sequence", parts=tuple(parts))


def _choice(legs: list[_Part]) -> _Part:
    if len(legs) == 1:
        return legs[0]
    flat = [one for leg in legs for one in (leg.parts if leg.kind == "choice" else (leg,))]
    shortened = _merged(_without_common_prefixes(flat))
    return shortened[0] if len(shortened) == 1 else _Part("choice", parts=tuple(shortened))


def _without_common_prefixes(legs: list[_Part]) -> list[_Part]:
    """Take the texts that neighbours begin with out of them: `foobar|foobaz` is `fooba(?:r|z)`."""
    done: list[_Part] = []
    place = 0
    while place < len(legs):
        text, fold = _beginning(legs[place])
        end = place + 1
        while end < len(legs) and text:
            other, other_fold = _beginning(legs[end])
            common = _common(text, other) if fold == other_fold else ""
            if not common:
                break
            text, end = common, end + 1
        if end == place + 1:
            done.append(legs[place])
        else:
            rest = _choice([_after(leg, len(text)) for leg in legs[place:end]])
            done.append(_Part("sequence", parts=(_Part("text", text, fold), rest)))
        place = end
    return done


def _beginning(leg: _Part) -> tuple[str, bool]:
    first = leg.parts[0] if leg.kind == "sequence" else leg
    return (first.text, first.fold) if first.kind == "text" else ("", False)


def _common(one: str, other: str) -> str:
    length = 0
    while length < min(len(one), len(other)) and one[length] == other[length]:
        length += 1
    return one[:length]


def _after(leg: _Part, length: int) -> _Part:
    if leg.kind == "text":
        return _Part("text", leg.text[length:], leg.fold) if len(leg.text) > length else _NOTHING
    rest = _after(leg.parts[0], length)
    parts = leg.parts[1:] if rest.kind == "nothing" else (rest, *leg.parts[1:])
    return parts[0] if len(parts) == 1 else _Part("sequence", parts=parts)


def _merged(legs: list[_Part]) -> list[_Part]:
    """Make one set of neighbours that are single characters or sets, and one nothing of several."""
    merged: list[_Part] = []
    for leg in legs:
        last = merged[-1] if merged else None
        if last is not None and _is_single(last) and _is_single(leg):
            merged[-1] = last if "any" in (last.kind, leg.kind) or last == leg else _Part("set", last.text + leg.text)
        elif last is None or last.kind != "nothing" or leg.kind != "nothing":
            merged.append(leg)
    return merged


def _is_single(part: _Part) -> bool:
    return part.kind in ("set", "dot", "any") or (part.kind == "text" and len(part.text) == 1)
