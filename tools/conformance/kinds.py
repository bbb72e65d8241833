"""Every kind of material that something is built for. A new kind is a function that yields cases, and a line here."""

from __future__ import annotations

from tools.conformance import otlp
from tools.conformance.case import Kind

KINDS: tuple[Kind, ...] = (
    Kind("otlp-json", "wire/otlp", otlp.json_cases),
)  # fmt: skip
