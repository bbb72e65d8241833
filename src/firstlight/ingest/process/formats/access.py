"""Requests answered over HTTP: nginx, Apache, gunicorn, uvicorn, Envoy, Traefik, HAProxy."""

from __future__ import annotations

from typing import Final

from firstlight.ingest.process.formats.line_format import BRACKET, DIGIT, ISO, LETTER, OTHER, REQUEST, line_format


def _text(name: str) -> str:
    return rf'"(?P<{name}>(?:[^"\\]++|\\.)*+)"'


_CLIENT: Final = (
    rf"(?P<client>[^\s\[\"]++) (?P<identity>\S++) (?P<user>[^\[\s]++) \[(?P<time>[^\]]++)\] {REQUEST}"
    r" (?P<status>\d{3}|-) (?P<bytes>\d++|-)"
)

ACCESS: Final = (
    # Nearly all there are, and read in half the time of those below.
    line_format(
        "access",
        DIGIT + LETTER + OTHER,
        r"(?P<client>\S+) (?P<identity>\S+) (?P<user>[^\s\[]+) \[(?P<time>[^\]]+)\] "
        r'"(?P<method>[A-Z]+) (?P<path>[^\s"]+) (?P<protocol>[A-Z]+/[\d.]+)" (?P<status>\d{3}) (?P<bytes>\d+|-)'
        r'(?: "(?P<referer>[^"\\]*)" "(?P<user_agent>[^"\\]*)")?',
        void="-",
    ),
    line_format(
        "nginx ingress",
        DIGIT + LETTER + OTHER,
        rf"{_CLIENT} {_text('referer')} {_text('user_agent')} (?P<request_length>\d+) (?P<duration>[\d.]+)"
        r" \[(?P<upstream>[^\]]*)\](?: \[[^\]]*\])? (?P<upstream_address>\S+) (?P<upstream_bytes>\S+)"
        r" (?P<upstream_duration>\S+) (?P<upstream_status>\S+)(?: (?P<request_id>[0-9a-f]+))?",
        void="-",
    ),
    line_format(
        "traefik access",
        DIGIT + LETTER + OTHER,
        rf"{_CLIENT} {_text('referer')} {_text('user_agent')} (?P<request_count>\d+|-)"
        rf" {_text('router')} {_text('upstream')} (?P<duration>\d+ms)",
        void="-",
    ),
    line_format(
        "access of any kind",
        DIGIT + LETTER + OTHER,
        rf"(?:(?P<virtual_host>[\w.-]+:\d+) )?{_CLIENT}(?: {_text('referer')} {_text('user_agent')}"
        rf"(?: {_text('forwarded_for')}|(?: (?P<rest>[^\"]++.*))?)?)?",
        void="-",
    ),
    line_format(
        "uvicorn access",
        LETTER,
        r"(?P<level>[A-Z]{4,8}): +(?P<client>\S+) - "
        rf"{REQUEST} (?P<status>\d{{3}})(?: (?P<reason>[A-Za-z' -]+))?",
    ),
    line_format(
        "envoy access",
        BRACKET,
        rf"\[(?P<time>{ISO})\] {REQUEST} (?P<status>\d{{1,3}}) (?P<response_flags>\S+)"
        rf"(?: (?P<response_code_details>[a-z]\S*) (?P<connection_details>\S+) {_text('transport_failure')})?"
        r" (?P<bytes_received>\d+) (?P<bytes>\d+) (?P<duration>\d+) (?P<upstream_duration>\d+|-)"
        rf" {_text('forwarded_for')} {_text('user_agent')} {_text('request_id')} {_text('authority')}"
        rf" {_text('upstream')}(?: (?P<rest>.*))?",
        void="-",
    ),
    line_format(
        "haproxy http",
        DIGIT + LETTER + OTHER,
        r"(?:(?P<host_time>\w{3} +\d+ [\d:]{8}) (?P<host>\S+) (?P<program>haproxy)\[(?P<pid>\d+)\]: )?"
        r"(?P<client>[\d.a-fA-F:]+):(?P<client_port>\d+) \[(?P<time>[^\]]++)\] (?P<frontend>\S+)"
        r" (?P<backend>[^\s/]+)/(?P<server>\S+) (?P<timers>[-+\d/]+) (?P<status>-?\d+) (?P<bytes>\+?\d+)"
        r" (?P<request_cookie>\S+) (?P<response_cookie>\S+) (?P<termination>\S{2,4}) (?P<connections>[\d/+]+)"
        rf" (?P<queues>\d+/\d+)(?: \{{(?P<request_headers>[^}}]*)\}})?(?: \{{(?P<response_headers>[^}}]*)\}})?"
        rf" {REQUEST}(?: (?P<rest>.*))?",
        void="-",
    ),
    line_format(
        "haproxy tcp",
        DIGIT + LETTER + OTHER,
        r"(?P<client>[\d.a-fA-F:]+):(?P<client_port>\d+) \[(?P<time>[^\]]++)\] (?P<frontend>\S+)"
        r" (?P<backend>[^\s/]+)/(?P<server>\S+) (?P<timers>[-+\d/]+) (?P<bytes>\+?\d+)"
        r" (?P<termination>\S{2,4}) (?P<connections>[\d/+]+) (?P<queues>\d+/\d+)",
    ),
)
