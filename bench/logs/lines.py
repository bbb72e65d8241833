"""Log lines as services write them: JSON, logfmt and plain text of 200 to 300 bytes, with times and ids to be set."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

SERVICES: Final = ("checkout", "payments", "inventory", "storefront", "gateway", "auth", "search", "recommendations")
LEVELS: Final = ("info",) * 16 + ("debug",) * 2 + ("warn", "error")
METHODS: Final = ("GET", "GET", "GET", "POST", "PUT", "DELETE")
ROUTES: Final = (
    "/api/v1/orders",
    "/api/v1/orders/{}",
    "/api/v1/items/{}",
    "/api/v1/users/{}/basket",
    "/api/v1/recommendations",
    "/login",
)
MESSAGES: Final = {
    "debug": ("cache miss for key item:{}", "took connection {} from the pool", "parsed configuration in {} us"),
    "info": ("request completed", "order {} placed", "user {} logged in", "message {} consumed from orders"),
    "warn": ("slow query took {} ms", "retrying after connection reset by peer, attempt {}", "queue is {} long"),
    "error": ("payment declined by provider with code {}", "timeout after {} ms while calling inventory"),
}
TIME: Final = "2026-01-01T00:00:00.000000Z"
"""What stands where the time of a line is to be."""
TRACE: Final = "0123456789abcdef" * 2
"""What stands where the trace of a line is to be."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its service and level, `TIME` and `TRACE` once in it."""

    service: str
    level: str
    text: str


def lines(count: int, seed: int = 7) -> list[Line]:
    """Return lines of which half are JSON, three of ten logfmt, the others plain; the same for the same seed."""
    chance = random.Random(seed)
    return [_line(chance, chance.choices((_json, _logfmt, _plain), (5, 3, 2))[0]) for _ in range(count)]


def documents(count: int, seed: int = 7) -> list[Line]:
    """Return lines that all are JSON, as programs log for machines."""
    chance = random.Random(seed)
    return [_line(chance, _json) for _ in range(count)]


Write = Callable[[random.Random, str, str, str], str]


def _line(chance: random.Random, write: Write) -> Line:
    service, level = chance.choice(SERVICES), chance.choice(LEVELS)
    message = chance.choice(MESSAGES[level]).format(chance.randrange(100_000))
    return Line(service, level, write(chance, service, level, message))


def _json(chance: random.Random, service: str, level: str, message: str) -> str:
    record = {
        "timestamp": TIME,
        "level": level,
        "service": service,
        "message": message,
        "method": chance.choice(METHODS),
        "path": _route(chance),
        "status": _status(chance, level),
        "duration_ms": chance.randrange(1, 20_000) / 10,
        "user_id": f"u{chance.randrange(5_000)}",
        "trace_id": TRACE,
    }
    return json.dumps(record, separators=(",", ":"))


def _logfmt(chance: random.Random, service: str, level: str, message: str) -> str:
    return (
        f'ts={TIME} level={level} component={service} caller=handler.go:{chance.randrange(400)} msg="{message}"'
        f" method={chance.choice(METHODS)} path={_route(chance)} status={_status(chance, level)}"
        f" duration={chance.randrange(900)}ms user=u{chance.randrange(5_000)} traceID={TRACE}"
    )


def _plain(chance: random.Random, service: str, level: str, message: str) -> str:
    return (
        f"{TIME} {level.upper():5} [worker-{chance.randrange(16)}] com.example.{service}.RequestHandler - {message};"
        f" {chance.choice(METHODS)} {_route(chance)} from 10.0.{chance.randrange(8)}.{chance.randrange(256)}"
        f" answered {_status(chance, level)} after {chance.randrange(900)} ms, trace {TRACE}"
    )


def _route(chance: random.Random) -> str:
    return chance.choice(ROUTES).format(chance.randrange(10_000))


def _status(chance: random.Random, level: str) -> int:
    statuses: Sequence[int] = (500, 502, 503) if level == "error" else (200, 200, 200, 201, 304, 404)
    return chance.choice(statuses)
