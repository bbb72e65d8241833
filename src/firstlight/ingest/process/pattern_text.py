"""LogQL's patterns, ``<ip> - <user> <_> "<method> <path>``, to expressions of RE2."""

from __future__ import annotations

import re
from typing import Final

_CAPTURE: Final = re.compile(r"<([A-Za-z_][A-Za-z0-9_]*)>")


def pattern_regex(text: str) -> str:
    r"""Return the expression that a pattern means; raise ValueError if it is none.

    A capture takes all up to the text after it, the last one the rest. `<_>` is passed over.

    >>> pattern_regex("<ip> - <_>: <rest>")
    '(?s)^(?P<ip>.*?)\\ \\-\\ .*?:\\ (?P<rest>.*)'
    """
    parts = _CAPTURE.split(text)
    names = parts[1::2]
    if not any(name != "_" for name in names):
        raise ValueError(f"cannot use the pattern {text!r}: it captures nothing; want one such as <ip> <_> <path>")
    for before, after in zip(parts[2:-1:2], names[1:], strict=False):
        if not before:
            raise ValueError(
                f"cannot use the pattern {text!r}: nothing stands before <{after}>; want a text between captures"
            )
    twice = next((name for name in names if name != "_" and names.count(name) > 1), None)
    if twice:
        raise ValueError(f"cannot use the pattern {text!r}: it has <{twice}> twice; want each name once")
    found = "(?s)^" + (".*?" if parts[0] else "") + re.escape(parts[0])
    for place, name in enumerate(names):
        last = place == len(names) - 1 and not parts[-1]
        any_text = ".*" if last else ".*?"
        found += (any_text if name == "_" else f"(?P<{name}>{any_text})") + re.escape(parts[2 * place + 2])
    return found
