"""The rooms of the house, lowest first, and what each may import of ours besides itself (docs/architecture.md)."""

from __future__ import annotations

MAY_IMPORT = {
    "errors": "",
    "model": "errors",
    "wire": "errors model",
    "sdk": "errors model wire",  # each format is written once; that the SDK stays light is test_dependencies.py's to hold
    "telemetry": "sdk",
    "config": "errors",  # a room with settings may import it: settings live beside what they set, their types there
    "store": "errors model telemetry config",
    "state": "errors model config",
    "query": "errors model telemetry config store",
    "rules": "errors model telemetry config query store",
    "alerting": "errors model telemetry config state",
    "http": "errors telemetry config state",
    "ingest": "errors model telemetry config wire http",
    "api": "errors model wire sdk telemetry config http query rules alerting store state",
    "packs": "errors model query rules",
    "deploy": "errors model config",
    "demo": "sdk",
    "app": "errors model wire sdk telemetry config store state query rules alerting http ingest api packs deploy demo",
    "cli": "errors config app packs deploy demo",
    "__main__": "cli",
}

# Rooms whose answers depend on their arguments alone. What time it is, is one of them.
WITHOUT_A_CLOCK = frozenset({"errors", "model", "wire", "config", "query", "alerting", "packs", "deploy"})

# Rooms that a person reads at a terminal.
MAY_PRINT = frozenset({"cli", "demo"})
