"""A few documents of a shop, by their ids."""

from __future__ import annotations

from typing import Any

INDEX = "shop"


def _document(second: int, message: str, level: str, **more: Any) -> dict[str, Any]:
    return {"@timestamp": f"2026-01-01T00:00:{second:02}.000Z", "message": message, "log": {"level": level}, **more}


DOCUMENTS: dict[str, dict[str, Any]] = {
    "a": _document(0, "GET /cart took 12 ms", "info", status=200, duration=12.5, service={"name": "cart"}, ok=True),
    "b": _document(
        10, "GET /cart took 90 ms for user@example.com", "info", status=200, duration=90.0, service={"name": "cart"}
    ),
    "c": _document(
        20, "card declined: Not enough money", "error", status=402, service={"name": "payments"}, tags=["card", "vip"],
        user={"id": 7, "name": "Ann Lee"}, ok=False,
    ),
    "d": _document(
        30, "card accepted", "info", status=200, duration=7.25, service={"name": "payments"}, tags=["card"],
        user={"id": 12, "name": "Bob"}, at="2025-12-31T10:00:00Z",
    ),
    "e": _document(
        50, "retry later", "warn", service={"name": "mail"}, host={"name": "h1"}, note=None,
        items=[{"sku": "x1", "count": 2}, {"sku": "x2", "count": 5}],
    ),
    "f": {"@timestamp": "2026-01-01T01:00:00.123456789Z", "trace": {"id": "0af7651916cd43dd8448eb211c80319c"},
          "labels": {"app.io/name": "web", "app": "w"}, "ecs.version": "1.6.0", "message": "last\nline", "path": "/a/b"},
}  # fmt: skip
