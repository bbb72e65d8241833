"""Syslog over a stream, and in datagrams. Nobody answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import tzinfo

from firstlight.wire.shippers.gathering import Gathering
from firstlight.wire.shippers.lines import Line
from firstlight.wire.syslog.framing import SyslogFramer
from firstlight.wire.syslog.message import message_record


class SyslogDialogue:
    """One connection, over TCP or TLS. `zone` is where times without one are from; `peer` who sent, if not told."""

    acknowledges = False
    fault = ""

    def __init__(self, zone: tzinfo, peer: str = "") -> None:
        self._zone = zone
        self._peer = peer
        self._framer = SyslogFramer()

    @property
    def held(self) -> int:
        """How many bytes of an unfinished message there are."""
        return self._framer.held

    def greet(self) -> bytes:
        """Return nothing: the sender begins."""
        return b""

    def keep_alive(self) -> bytes:
        """Return nothing: the sender waits for no answer."""
        return b""

    def take(self, data: bytes, now_ns: int, gathering: Gathering) -> Iterator[bytes]:
        """Gather the messages that are complete."""
        for line in self._framer.take(data):
            self._gather([line], now_ns, gathering)
            if gathering.full:
                yield b""
        yield b""

    def end(self, now_ns: int, gathering: Gathering) -> None:
        """Gather the last message, which needs no end."""
        self._gather(self._framer.end(), now_ns, gathering)

    def _gather(self, lines: Iterable[Line], now_ns: int, gathering: Gathering) -> None:
        for line in lines:
            record = message_record(line, now_ns, self._zone, gathering, self._peer)
            if record is not None:
                gathering.add(record)


class SyslogDatagrams:
    """Syslog over UDP: each datagram is one message."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone

    def take(self, data: bytes, peer: str, now_ns: int, gathering: Gathering) -> None:
        """Gather the message of a datagram."""
        record = message_record(Line(data), now_ns, self._zone, gathering, peer)
        if record is not None:
            gathering.add(record)
