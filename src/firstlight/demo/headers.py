"""The HTTP headers in which the shop and its visitors tell each other what to look for."""

from __future__ import annotations

TENANT = "x-tenant-id"
CORRELATION = "x-correlation-id"
TRACE = "x-trace-id"
"""In every answer of every service: which trace to look at, for a person with curl too."""
