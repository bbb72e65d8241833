"""Names of any characters where only the old ones fit: in paths, and in expositions for those who know no others.

The schemes are those of <https://github.com/prometheus/proposals/blob/main/proposals/0028-utf8.md>.
"""

from __future__ import annotations

import re
from typing import Final

MARK: Final = "U__"

_OLD: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*", re.ASCII)
_ODD: Final = re.compile(r"^[^a-zA-Z_:]|(?<!^)[^a-zA-Z0-9_:]", re.ASCII | re.DOTALL)
_PIECE: Final = re.compile(r"[^_]|__|_(?P<code>[0-9a-fA-F]{1,5})_", re.DOTALL)

AS_IT_IS: Final = "allow-utf-8"
UNDERSCORES: Final = "underscores"
DOTS: Final = "dots"
VALUES: Final = "values"
SCHEMES: Final = (AS_IT_IS, UNDERSCORES, DOTS, VALUES)


def is_old(name: str) -> bool:
    """Return whether a name is one for everybody.

    >>> is_old("http:requests_total"), is_old("http.requests"), is_old("5xx"), is_old("")
    (True, False, False, False)
    """
    return _OLD.fullmatch(name) is not None


def escaped(name: str, scheme: str) -> str:
    """Return a name as a scheme writes it.

    >>> escaped("http.500_ü", "underscores"), escaped("http.500_ü", "dots"), escaped("http.500_ü", "values")
    ('http_500__', 'http_dot_500____', 'U__http_2e_500___fc_')
    """
    if not name or scheme == AS_IT_IS:
        return name
    if scheme == DOTS:
        return _ODD.sub(lambda odd: "_dot_" if odd.group() == "." else "__", name.replace("_", "__"))
    if is_old(name):
        return name
    if scheme == UNDERSCORES:
        return _ODD.sub("_", name)
    return MARK + _ODD.sub(lambda odd: f"_{ord(odd.group()):x}_", name.replace("_", "__"))


def unescaped(name: str) -> str:
    """Return the name that the scheme of values has written; a name that it has not written, as it is.

    >>> unescaped("U__http_2e_500__total"), unescaped("up"), unescaped("U__half_2e"), unescaped("U___d800_")
    ('http.500_total', 'up', 'U__half_2e', 'U___d800_')
    """
    if not name.startswith(MARK):
        return name
    found: list[str] = []
    place = len(MARK)
    while place < len(name):
        piece = _PIECE.match(name, place)
        if piece is None:
            return name
        code = int(piece["code"] or "0", 16)
        if 0xD800 <= code < 0xE000:
            return name
        found.append(chr(code) if piece["code"] else piece.group()[0])
        place = piece.end()
    return "".join(found)
