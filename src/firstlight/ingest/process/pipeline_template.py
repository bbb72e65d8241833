"""Templates of Go's in stages, with the functions that Promtail gives them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import re2

from firstlight.errors import brief
from firstlight.model.gotemplate import BadTemplate, ExecutionError, Fault, Function, Template, TextMap

Render: TypeAlias = Callable[[Mapping[str, str]], str | None]
"""Makes a text of values by their names; None if it cannot."""

MAX_TEXT: Final = 65_536
"""Characters that a template may make."""

_S: Final = "string"
_REFERENCE: Final = re.compile(r"\$(\d+|\$)|\$\{(\d+)\}")


@lru_cache(maxsize=256)
def parse_template(text: str) -> Render:
    """Return what makes texts by a template; raise ValueError if it cannot be read."""
    try:
        template = Template("template", text, FUNCTIONS, missing="zero")
    except BadTemplate as error:
        raise ValueError(f"cannot read the template {brief(text)}: {error}") from None

    def render(values: Mapping[str, str]) -> str | None:
        try:
            return template.execute(TextMap(values))[:MAX_TEXT]
        except ExecutionError:
            return None

    return render


@lru_cache(maxsize=256)
def _compiled(expression: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(expression, options)
    except re2.error:
        raise Fault(f"cannot read the regex {brief(expression)}") from None


def _regex_replace(expression: str, text: str, new: str) -> str:
    def expanded(found: Any) -> str:
        def group(reference: re.Match[str]) -> str:
            number = reference[1] or reference[2]
            return "$" if number == "$" else found.group(int(number)) or "" if int(number) <= found.re.groups else ""

        return _REFERENCE.sub(group, new)

    return str(_compiled(expression).sub(expanded, text))


def _regex_replace_literal(expression: str, text: str, new: str) -> str:
    return str(_compiled(expression).sub(lambda found: new, text))


def _hash(salt: str, text: str) -> str:
    return hashlib.sha3_256(f"{salt}{text}".encode()).hexdigest()


def _sha2_hash(salt: str, text: str) -> str:
    return hashlib.sha256(f"{salt}{text}".encode()).hexdigest()


def _cut(start: int, end: int, text: str) -> str:
    return text[start:] if end < 0 else text[start:end]


FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType(
    {
        "ToLower": Function(str.lower, (_S,)),
        "ToUpper": Function(str.upper, (_S,)),
        "Replace": Function(lambda text, old, new, count: text.replace(old, new, count), (_S, _S, _S, "int")),
        "Trim": Function(lambda text, signs: text.strip(signs), (_S, _S)),
        "TrimLeft": Function(lambda text, signs: text.lstrip(signs), (_S, _S)),
        "TrimRight": Function(lambda text, signs: text.rstrip(signs), (_S, _S)),
        "TrimPrefix": Function(lambda text, start: text.removeprefix(start), (_S, _S)),
        "TrimSuffix": Function(lambda text, end: text.removesuffix(end), (_S, _S)),
        "TrimSpace": Function(str.strip, (_S,)),
        "regexReplaceAll": Function(_regex_replace, (_S, _S, _S)),
        "regexReplaceAllLiteral": Function(_regex_replace_literal, (_S, _S, _S)),
        "Hash": Function(_hash, (_S, _S)),
        "Sha2Hash": Function(_sha2_hash, (_S, _S)),
        "lower": Function(str.lower, (_S,)),
        "upper": Function(str.upper, (_S,)),
        "title": Function(str.title, (_S,)),
        "trim": Function(str.strip, (_S,)),
        "trimAll": Function(lambda signs, text: text.strip(signs), (_S, _S)),
        "trimPrefix": Function(lambda start, text: text.removeprefix(start), (_S, _S)),
        "trimSuffix": Function(lambda end, text: text.removesuffix(end), (_S, _S)),
        "replace": Function(lambda old, new, text: text.replace(old, new), (_S, _S, _S)),
        "contains": Function(lambda part, text: part in text, (_S, _S)),
        "hasPrefix": Function(lambda start, text: text.startswith(start), (_S, _S)),
        "hasSuffix": Function(lambda end, text: text.endswith(end), (_S, _S)),
        "default": Function(lambda other, text: text or other, (_S, _S)),
        "substr": Function(_cut, ("int", "int", _S)),
        "trunc": Function(lambda count, text: text[:count] if count >= 0 else text[count:], ("int", _S)),
    }
)
"""What templates may call, beside what Go has."""
