"""Templates as Go expands them: text with references to what the groups of an expression matched."""

from __future__ import annotations

import re
from dataclasses import dataclass

_REFERENCE = re.compile(r"\$(?:\$|\{(\w+)\}|(\w+))")


def python_name(name: str) -> str:
    """Return what a group is called in Python's expression that is called `name` in RE2's: never a digit first."""
    return f"_{name}"


@dataclass(frozen=True, slots=True)
class Template:
    """Text with ``$1``, ``${1}``, ``$name`` and ``$$`` in it, as Go expands it."""

    text: str
    parts: tuple[str | int, ...]
    """Texts, and numbers of groups; a named group is a text that begins with ``$``."""

    @classmethod
    def parse(cls, text: str) -> Template:
        """Return the template; there is no text that is none, since a lone ``$`` is itself."""
        parts: list[str | int] = []
        done = 0
        for found in _REFERENCE.finditer(text):
            parts += ["=" + text[done : found.start()]] if found.start() > done else []
            name = found[1] or found[2]
            parts.append("=$" if name is None else int(name) if _is_number(name) else f"${name}")
            done = found.end()
        return cls(text, (*parts, "=" + text[done:]) if done < len(text) else tuple(parts))

    @property
    def is_fixed(self) -> bool:
        """Whether it says the same for every match."""
        return "$" not in self.text

    def expand(self, match: re.Match[str]) -> str:
        """Return the text with what the groups of `match` matched; a group that there is not matched nothing."""
        if self.is_fixed:
            return self.text
        return "".join(_expanded(part, match) for part in self.parts)


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdecimal() and len(name) < 9


def _expanded(part: str | int, match: re.Match[str]) -> str:
    if isinstance(part, int):
        return (match[part] or "") if part <= match.re.groups else ""
    if part.startswith("="):
        return part[1:]
    name = python_name(part[1:])
    return (match[name] or "") if name in match.re.groupindex else ""
