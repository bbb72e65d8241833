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

COMPAT_LISTENERS: Final[tuple[Listener, ...]] = ()
"""What `compat` adds: the ports of the systems whose protocols are served. A protocol comes with its row."""


def listeners(settings: Settings) -> list[tuple[Listener, ListenAddress]]:
    """Return what is to be listened on."""
    rows = HTTP_LISTENERS + (COMPAT_LISTENERS if settings.compat else ())
    return [(row, address) for row in rows if (address := row.address(settings))]
