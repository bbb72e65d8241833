"""What is looked for before it is stored: the built-in detectors, by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import re2

from firstlight.ingest.process.redaction_checks import is_card, is_iban, is_ipv6
from firstlight.ingest.process.redaction_looks import (
    Look,
    capitals_and_digits,
    dotted_digits,
    holding,
    many_digits,
    matching,
)


@dataclass(frozen=True, slots=True)
class Detector:
    """What is looked for: a first look at a column, a pattern, and a check of what it found.

    If the pattern has groups called `secret`, that is what is made unreadable, else all of it.
    """

    name: str
    look: Look
    pattern: Any
    check: Callable[[str], bool] | None = None

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return from where to where there is something in a text."""
        names: Mapping[str, int] = self.pattern.groupindex
        groups = [group for name, group in names.items() if name.startswith("secret")] or [0]
        return [
            found.span(group)
            for found in self.pattern.finditer(text)
            for group in groups
            if found.end(group) > found.start(group) and (self.check is None or self.check(found.group(group)))
        ]


_SIGN: Final = r"[A-Za-z0-9._~+/=-]"
_BYTE: Final = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"

_BUILT_IN: Final = (
    Detector(
        "url_password",
        holding(b"://"),
        re.compile(r"://[^\s:/?#@\"']{0,256}:(?P<secret>[^\s/?#@\"']{1,256})@"),
    ),
    Detector(
        "email",
        holding(b"@"),
        re.compile(
            r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.){1,8}[A-Za-z]{2,24}"
            r"(?![A-Za-z0-9])"
        ),
    ),
    Detector(
        "card",
        many_digits,
        re.compile(
            r"(?<![0-9A-Za-z_.+-])[0-9](?:[0-9]{12,18}|[0-9]{3}(?:([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{1,7}"
            r"|([ -])[0-9]{6}\2[0-9]{4,5}))"
            r"(?![0-9A-Za-z_]|[.-][0-9])"
        ),
        is_card,
    ),
    Detector(
        "iban",
        capitals_and_digits,
        re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])"),
        is_iban,
    ),
    Detector(
        "bearer",
        matching(r"(?i)(?:bearer|basic) "),
        re.compile(rf"\b(?:bearer|basic) +(?P<secret>{_SIGN}{{8,4096}})", re.IGNORECASE),
    ),
    Detector(
        "jwt",
        holding(b"eyJ"),
        re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,8192}\.[A-Za-z0-9_-]{4,8192}\.[A-Za-z0-9_-]{0,8192}"),
    ),
    Detector(
        "aws_key",
        matching(r"A(?:KI|SI|BI|CC)A[A-Z0-9]{16}"),
        re.compile(r"(?<![A-Z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Z0-9])"),
    ),
    Detector(
        "github_token",
        matching(r"gh[pousr]_[A-Za-z0-9]{36}|github_pat_"),
        re.compile(
            r"(?<![A-Za-z0-9_])(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255})(?![A-Za-z0-9_])"
        ),
    ),
    Detector(
        "api_key",
        matching(
            r"[spr]k_(?:live|test)_|sk-[A-Za-z0-9_-]{20}|xox[a-z]-|AIza|glpat-|npm_|SG\.|dop_v1_|hvs\.|PRIVATE KEY"
        ),
        re.compile(
            r"(?<![A-Za-z0-9_])(?:[spr]k_(?:live|test)_[A-Za-z0-9]{16,255}|sk-[A-Za-z0-9_-]{20,255}"
            r"|xox[abeoprs]-[A-Za-z0-9-]{10,255}|AIza[A-Za-z0-9_-]{35}|glpat-[A-Za-z0-9_-]{20,64}|npm_[A-Za-z0-9]{36}"
            r"|SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,64}|dop_v1_[0-9a-f]{64}|hvs\.[A-Za-z0-9_-]{24,255})"
            r"|-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[^-]{0,16384}(?:-----END [A-Z ]{0,20}PRIVATE KEY-----)?"
        ),
    ),
    Detector(
        "password",
        matching(r"(?i)passw|passp|pwd|secret|api[_-]?key|(?:access|private|account)[_-]?key|token|credential"),
        re.compile(
            r"(?:passw(?:or)?d|passphrase|pwd|secret|api[_-]?key|access[_-]?key|private[_-]?key|account[_-]?key"
            r"|auth[_-]?token|access[_-]?token|refresh[_-]?token|session[_-]?token|client[_-]?secret|credential)s?"
            r"(?:[_-]?[a-z0-9]{1,16}){0,2}(?:\\?[\"'])?\s{0,4}(?:=>|[=:])\s{0,4}"
            r"(?:\\\"(?P<secret4>(?:[^\"\\]|\\[^\"])+)|\"(?P<secret>(?:[^\"\\]|\\.)+)|'(?P<secret2>[^']+)|(?P<secret3>[^\s,;&\"'\\)\]}]+))",
            re.IGNORECASE,
        ),
    ),
    Detector(
        "ipv4",
        dotted_digits,
        re.compile(rf"(?<![A-Za-z0-9_.-])(?:{_BYTE}\.){{3}}{_BYTE}(?![A-Za-z0-9_]|\.[0-9])"),
    ),
    Detector(
        "ipv6",
        matching(r"::|(?:[0-9a-fA-F]{1,4}:){7}"),
        re.compile(
            r"(?<![A-Za-z0-9_:.])(?:[0-9a-fA-F]{0,4}:){2,7}(?:[0-9a-fA-F]{1,4}|(?:[0-9]{1,3}\.){3}[0-9]{1,3}|)(?![A-Za-z0-9_:])"
        ),
        is_ipv6,
    ),
)

DETECTORS: Final[Mapping[str, Detector]] = MappingProxyType({one.name: one for one in _BUILT_IN})
"""Every built-in detector, in the order in which they are applied."""


def custom(name: str, pattern: str) -> Detector:
    """Return a detector of an expression of RE2, which has been checked."""
    options = re2.Options()
    options.log_errors = False
    return Detector(name, matching(pattern), re2.compile(pattern, options))
