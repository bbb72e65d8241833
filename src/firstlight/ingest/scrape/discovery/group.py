"""What discovery finds, and how it tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from firstlight.errors import UserError
from firstlight.ingest.scrape.relabel import LEGACY_NAME

ADDRESS = "__address__"


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """Targets that have labels in common. Each target has labels of its own, its address among them."""

    source: str
    """Which part of what a discoverer finds this is: a file, a pod."""
    targets: tuple[Mapping[str, str], ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


Publish: TypeAlias = Callable[[str, Sequence[TargetGroup]], None]
"""Told a source and all groups that are there now; what was told of that source before is over. Called in the loop."""


class Discoverer(Protocol):
    """One way to find targets."""

    async def run(self, publish: Publish) -> None:
        """Find targets until cancelled, and tell them as they change.

        What cannot be reached is logged and tried again, and what was told before stays.
        """
        ...


class DiscoveryFailed(UserError):
    """Targets that cannot be found out now."""


def as_label(text: str) -> str:
    """Return `text` with all but letters, digits and underscores replaced by underscores, for use in a label's name.

    >>> as_label("app.kubernetes.io/name")
    'app_kubernetes_io_name'
    """
    return "".join([letter if letter.isascii() and (letter.isalnum() or letter == "_") else "_" for letter in text])


def is_plain_name(name: str) -> bool:
    """Return whether a label of this name needs no quotes anywhere."""
    return LEGACY_NAME.fullmatch(name) is not None


def join_host_port(host: str, port: int | str) -> str:
    """Return ``host:port``, with an IPv6 address in brackets.

    >>> join_host_port("::1", 80)
    '[::1]:80'
    """
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
