"""How Go prints values: `fmt.Sprint`, and each value by a verb of `fmt.Sprintf`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from firstlight.model.gotemplate.floats import float_text
from firstlight.model.gotemplate.quoting import quoted, raw_quoted
from firstlight.model.gotemplate.values import Struct, type_of


@dataclass(frozen=True, slots=True)
class Spec:
    """A verb with what is written between it and the percent sign."""

    verb: str = "v"
    minus: bool = False
    plus: bool = False
    sharp: bool = False
    space: bool = False
    zero: bool = False
    width: int | None = None
    precision: int | None = None


_DEFAULT = Spec()


def text_of(value: Any) -> str:
    """Return a value as `%v` has it.

    >>> text_of({"b": 1, "a": [True, 2.5]})
    'map[a:[true 2.5] b:1]'
    """
    if value.__class__ is str:
        return str(value)
    return formatted(value, _DEFAULT)


def printed(values: Sequence[Any]) -> str:
    """Return the values one after the other (`fmt.Sprint`): with a space where neither side is a text."""
    parts: list[str] = []
    for number, value in enumerate(values):
        if number and not isinstance(value, str) and not isinstance(values[number - 1], str):
            parts.append(" ")
        parts.append(text_of(value))
    return "".join(parts)


def formatted(value: Any, spec: Spec) -> str:
    """Return a value by a verb; if the verb is not for such values, Go's complaint."""
    verb = spec.verb
    if verb == "T":
        return _padded(type_of(value), replace(spec, verb="s"))
    if value is None:
        return _padded("<nil>", spec) if verb == "v" else f"%!{verb}(<nil>)"
    if verb == "v" and spec.sharp:
        return source_of(value)
    match value:
        case str():
            return _text(value, spec)
        case bool():
            return _padded("true" if value else "false", spec) if verb in "tv" else _wrong(value, verb)
        case int():
            return _integer(value, spec)
        case float():
            return _float(value, spec)
        case complex():
            real, imaginary = float_text(value.real), float_text(value.imag)
            return _padded(f"({real}{'' if imaginary[0] in '+-' else '+'}{imaginary}i)", spec)
        case dict():
            inner = [f"{formatted(key, spec)}:{formatted(value[key], spec)}" for key in sorted(value)]
            return f"map[{' '.join(inner)}]"
        case list():
            return f"[{' '.join(formatted(one, spec) for one in value)}]"
        case Struct():
            return _text(str(value), spec) if verb in "vsqxX" else _wrong(value, verb)
        case _:
            return _wrong(value, verb)


def source_of(value: Any) -> str:
    """Return a value as Go's source has it (`%#v`)."""
    match value:
        case None:
            return "<nil>"
        case str():
            return quoted(value)
        case bool():
            return "true" if value else "false"
        case int():
            return f"{value:#x}" if type_of(value) == "uint8" else str(int(value))
        case float():
            return float_text(value)
        case dict():
            inner = ", ".join(f"{quoted(key)}:{_inner_source(value[key])}" for key in sorted(value))
            return f"{type_of(value)}{{{inner}}}"
        case list():
            return f"{type_of(value)}{{{', '.join(map(_inner_source, value))}}}"
        case _:
            return text_of(value)


def _inner_source(value: Any) -> str:
    return "interface {}(nil)" if value is None else source_of(value)


def _wrong(value: Any, verb: str) -> str:
    return f"%!{verb}({type_of(value)}={text_of(value)})"


def _padded(text: str, spec: Spec) -> str:
    if spec.width is None:
        return text
    if spec.minus:
        return text.ljust(spec.width)
    return text.rjust(spec.width, "0" if spec.zero else " ")


def _text(value: str, spec: Spec) -> str:
    verb = spec.verb
    if verb in "xX":
        data = value.encode("utf-8", "surrogateescape")[: spec.precision]
        digits = data.hex(" ") if spec.space else data.hex()
        prefix = "0x" if spec.sharp and data else ""
        if spec.space and spec.sharp:
            digits = digits.replace(" ", " 0x")
        digits = prefix + digits
        return _padded(digits.upper() if verb == "X" else digits, spec)
    if verb not in "svq":
        return _wrong(value, verb)
    if spec.precision is not None:
        value = value[: spec.precision]
    if verb == "q":
        value = raw_quoted(value) if spec.sharp else quoted(value, ascii_only=spec.plus)
    return _padded(value, spec)


_BASES = {"d": "d", "v": "d", "b": "b", "o": "o", "O": "o", "x": "x", "X": "X"}
_PREFIXES = {"b": "0b", "o": "0", "x": "0x", "X": "0X"}


def _integer(value: int, spec: Spec) -> str:
    verb = spec.verb
    if verb in "cqU":
        return _padded(_character(value, spec), replace(spec, zero=False))
    if verb not in _BASES:
        return _wrong(value, verb)
    value = int(value)
    digits = format(abs(value), _BASES[verb])
    if spec.precision is not None:
        digits = "" if spec.precision == 0 and value == 0 else digits.rjust(spec.precision, "0")
    prefix = "0o" if verb == "O" else _PREFIXES.get(verb, "") if spec.sharp else ""
    sign = "-" if value < 0 else "+" if spec.plus else " " if spec.space else ""
    if spec.zero and not spec.minus and spec.width is not None and spec.precision is None:
        digits = digits.rjust(spec.width - len(sign), "0")
    return _padded(sign + prefix + digits, replace(spec, zero=False))


def _character(value: int, spec: Spec) -> str:
    character = chr(value) if 0 <= value <= 0x10FFFF and not 0xD800 <= value <= 0xDFFF else "\ufffd"
    if spec.verb == "c":
        return character
    if spec.verb == "q":
        return quoted(character, "'", ascii_only=spec.plus)
    shown = f" '{character}'" if spec.sharp and character.isprintable() else ""
    return f"U+{max(value, 0):04X}{shown}"


def _float(value: float, spec: Spec) -> str:
    verb = spec.verb
    if verb not in "vbeEfFgGxX":
        return _wrong(value, verb)
    precision = spec.precision
    if precision is None:
        precision = 6 if verb in "eEfF" else -1
    text = float_text(value, {"v": "g", "F": "f"}.get(verb, verb), precision)
    sign = ""
    if text[0] in "+-":
        sign, text = text[0], text[1:]
    if spec.plus or sign == "-":
        sign = sign or "+"
    elif spec.space:
        sign = " "
    else:
        sign = sign if text == "Inf" else ""
    if spec.zero and not spec.minus and spec.width is not None and text not in ("Inf", "NaN"):
        text = text.rjust(spec.width - len(sign), "0")
    return _padded(sign + text, replace(spec, zero=False))
