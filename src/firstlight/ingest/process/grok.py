"""Grok: expressions made of named patterns, ``%{IP:client} %{WORD:method}``, to expressions of RE2.

The library is small and our own; a pipeline may define more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from firstlight.errors import unknown_word

MAX_DEPTH: Final = 20
MAX_SIZE: Final = 65_536
"""How many characters an expression may have once every name in it is replaced."""

PATTERNS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "WORD": r"\b\w+\b", "NOTSPACE": r"\S+", "SPACE": r"\s*", "DATA": r".*?", "GREEDYDATA": r".*",
        "INT": r"[+-]?\d+", "POSINT": r"\b[1-9]\d*\b", "NONNEGINT": r"\b\d+\b",
        "NUMBER": r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)",
        "BASE10NUM": "%{NUMBER}", "BASE16NUM": r"[+-]?(?:0x)?[0-9A-Fa-f]+", "BOOL": r"(?:true|false|TRUE|FALSE)",
        "QUOTEDSTRING": r"(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')", "QS": "%{QUOTEDSTRING}",
        "UUID": r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}", "HEX": r"[0-9A-Fa-f]+",
        "MAC": r"(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}",
        "IPV4": r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)",
        "IPV6": r"(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f.]{0,15}(?:%[0-9A-Za-z]+)?", "IP": "(?:%{IPV4}|%{IPV6})",
        "HOSTNAME": r"\b[0-9A-Za-z](?:[0-9A-Za-z_-]{0,62})(?:\.[0-9A-Za-z_-]{1,63})*\.?",
        "IPORHOST": "(?:%{IP}|%{HOSTNAME})", "HOSTPORT": "%{IPORHOST}:%{POSINT}", "HOST": "%{HOSTNAME}",
        "EMAILLOCALPART": r"[A-Za-z0-9!#$%&'*+/=?^_{|}~.-]{1,64}", "EMAILADDRESS": "%{EMAILLOCALPART}@%{HOSTNAME}",
        "USERNAME": r"[A-Za-z0-9._-]+", "USER": "%{USERNAME}",
        "UNIXPATH": r"(?:/[^\s/]*)+", "WINPATH": r"(?:[A-Za-z]:|\\)(?:\\[^\\?*\s]*)+",
        "PATH": "(?:%{UNIXPATH}|%{WINPATH})",
        "URIPROTO": r"[A-Za-z][A-Za-z0-9+.-]*", "URIHOST": "%{IPORHOST}(?::%{POSINT})?", "URIPATH": r"/[^\s?#]*",
        "URIPARAM": r"\?[^\s#]*", "URIPATHPARAM": "%{URIPATH}(?:%{URIPARAM})?",
        "URI": "%{URIPROTO}://(?:%{USER}(?::[^@\\s]*)?@)?(?:%{URIHOST})?(?:%{URIPATHPARAM})?",
        "MONTH": r"\b(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:tember)?"
                 r"|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b",
        "MONTHNUM": r"(?:0?[1-9]|1[0-2])", "MONTHDAY": r"(?:0[1-9]|[12]\d|3[01]|[1-9])",
        "DAY": r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*", "YEAR": r"\d{4}|\d\d", "HOUR": r"(?:2[0-3]|[01]?\d)",
        "MINUTE": r"[0-5]\d", "SECOND": r"(?:[0-5]?\d|60)(?:[:.,]\d+)?", "TIME": "%{HOUR}:%{MINUTE}(?::%{SECOND})?",
        "DATE_US": "%{MONTHNUM}[/-]%{MONTHDAY}[/-](?:%{YEAR})",
        "DATE_EU": "%{MONTHDAY}[./-]%{MONTHNUM}[./-](?:%{YEAR})",
        "DATE": "(?:%{DATE_US}|%{DATE_EU})", "DATESTAMP": "%{DATE}[- ]%{TIME}", "TZ": r"[A-Z]{3,4}",
        "ISO8601_TIMEZONE": r"(?:Z|[+-]\d\d:?\d\d)",
        "TIMESTAMP_ISO8601": r"\d{4}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?"
                             r"(?:%{ISO8601_TIMEZONE})?",
        "SYSLOGTIMESTAMP": "%{MONTH} +%{MONTHDAY} %{TIME}", "PROG": r"[!-Z\\^-~]+",
        "SYSLOGPROG": r"%{PROG:program}(?:\[%{POSINT:pid}\])?",
        "SYSLOGHOST": "%{IPORHOST}", "SYSLOGBASE": "%{SYSLOGTIMESTAMP:timestamp} %{SYSLOGHOST:host} %{SYSLOGPROG}:",
        "HTTPDATE": r"%{MONTHDAY}/%{MONTH}/\d{4}:%{TIME} [+-]\d{4}", "HTTPDUSER": "(?:%{EMAILADDRESS}|%{USER})",
        "LOGLEVEL": r"(?i:trace|debug|notice|info(?:rmation)?|warn(?:ing)?|err(?:or)?|crit(?:ical)?"
                    r"|fatal|severe|alert|emerg(?:ency)?|panic)",
        "JAVACLASS": r"(?:[A-Za-z_$][A-Za-z0-9_$]*\.)*[A-Za-z_$][A-Za-z0-9_$]*", "JAVAFILE": r"[A-Za-z0-9_. -]+",
        "COMMONAPACHELOG": r"%{IPORHOST:clientip} %{HTTPDUSER:ident} %{HTTPDUSER:auth} \[%{HTTPDATE:timestamp}\] "
                           r'"(?:%{WORD:verb} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion})?|%{DATA:rawrequest})" '
                           r"%{NUMBER:response} (?:%{NUMBER:bytes}|-)",
        "COMBINEDAPACHELOG": "%{COMMONAPACHELOG} %{QS:referrer} %{QS:agent}",
    }
)  # fmt: skip

_REFERENCE: Final = re.compile(r"%\{(?P<pattern>[A-Za-z0-9_]+)(?::(?P<field>[^:}]+))?(?::(?P<type>[a-z]+))?\}")


@dataclass(frozen=True, slots=True)
class Grok:
    """An expression of RE2, and the field that each of its named groups is; an empty one is passed over."""

    expression: str
    fields: Mapping[str, str]


def grok(text: str, definitions: Mapping[str, str] | None = None) -> Grok:
    """Return what a grok expression means; raise ValueError if it names a pattern that is not there.

    >>> grok("%{INT:a.b}").fields
    {'g0': 'a.b'}
    """
    known = {**PATTERNS, **(definitions or {})}
    fields: dict[str, str] = {}
    expression = _expanded(text, known, fields, 0)
    return Grok(expression, fields)


def _expanded(text: str, known: Mapping[str, str], fields: dict[str, str], depth: int) -> str:
    if depth > MAX_DEPTH:
        raise ValueError(
            f"cannot use a grok pattern that is nested deeper than {MAX_DEPTH} times: does it name itself?"
        )
    parts, place, size = [], 0, 0
    for found in _REFERENCE.finditer(text):
        if found["pattern"] not in known:
            raise ValueError(unknown_word("grok pattern", found["pattern"], known))
        inner_name = ""
        if found["field"]:
            inner_name = f"g{len(fields)}"
            fields[inner_name] = found["field"]
        inner = _expanded(known[found["pattern"]], known, fields, depth + 1)
        parts += [text[place : found.start()], f"(?P<{inner_name}>{inner})" if inner_name else f"(?:{inner})"]
        place = found.end()
        size += len(inner)
        if size > MAX_SIZE:
            raise ValueError(f"cannot use a grok expression of more than {MAX_SIZE} characters when all is replaced")
    # Named groups that are written out are fields as well.
    for own in re.findall(r"\(\?P?<([A-Za-z_]\w*)>", text):
        fields.setdefault(own, own)
    return "".join([*parts, text[place:]])
