"""Which HTTP ports are open: one row each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from firstlight.app.settings import Settings
from firstlight.config.units import ListenAddress


@dataclass(frozen=True, slots=True)
class Listener:
    """A port that HTTP is answered on. Every route is there on every one of them: paths do not collide."""

    name: str
    setting: str
    address: Callable[[Settings], ListenAddress | None]


HTTP_LISTENERS: Final = (
    Listener("HTTP", "http.listen", lambda settings: settings.http.listen),
    Listener("OTLP/HTTP", "otlp.http", lambda settings: settings.otlp.http),
)

COMPAT_LISTENERS: Final = (
    Listener("Prometheus", "ports.prometheus", lambda settings: _port(settings, settings.ports.prometheus, 9090)),
    Listener("Loki", "ports.loki", lambda settings: _port(settings, settings.ports.loki, 3100)),
    Listener(
        "Elasticsearch", "ports.elasticsearch", lambda settings: _port(settings, settings.ports.elasticsearch, 9200)
    ),
    Listener("Journal", "ports.journal", lambda settings: _port(settings, settings.ports.journal, 19532)),
    Listener("Pushgateway", "ports.pushgateway", lambda settings: _port(settings, settings.ports.pushgateway, 9091)),
)
"""The ports of the systems whose protocols are served: open if they are set, and all with `compat`."""


def listeners(settings: Settings) -> list[tuple[Listener, ListenAddress]]:
    """Return what is to be listened on."""
    return [(row, address) for row in (*HTTP_LISTENERS, *COMPAT_LISTENERS) if (address := row.address(settings))]


def _port(settings: Settings, address: ListenAddress | None, port: int) -> ListenAddress | None:
    return address or (ListenAddress("127.0.0.1", port) if settings.compat else None)
