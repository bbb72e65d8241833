"""Every kind of material that something is built for. A new kind is a function that yields cases, and a line here."""

from __future__ import annotations

from tools.conformance import otlp, otlp_server
from tools.conformance.case import Kind

KINDS: tuple[Kind, ...] = (
    Kind("otlp-json", "wire/otlp", otlp.json_cases),
    Kind("otlp-json-server", "wire/otlp", otlp_server.json_cases),
    Kind("otlp-http-captures", "wire/captures/otlp_http", otlp_server.capture_cases),
)  # fmt: skip
