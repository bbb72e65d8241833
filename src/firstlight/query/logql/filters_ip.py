"""`ip("…")`: whether a text has an address within a range: a single address, `from-to`, or CIDR."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Final

from firstlight.model.gotemplate.quoting import quoted
from firstlight.model.regex import BadRegex

# Where an address may begin: as Loki guesses it, and in its order.
_HINT: Final = re.compile(
    rb"(?P<v4>[0-9](?=.{3})(?:\.|.\.|..\.))|(?=.{5})(?:::[0-9a-fA-F]|[0-9a-fA-F]{1,4}:)", re.DOTALL
)
_V4: Final = re.compile(rb"[0-9.]*")
_V6: Final = re.compile(rb"[0-9a-fA-F:.]*")
_CIDR: Final = re.compile(r"(?P<address>[^/%]+)/(?P<bits>0|[1-9][0-9]{0,2})\Z")


class BadAddress(BadRegex):
    """What is no address and no range of addresses."""


@dataclass(frozen=True, slots=True)
class IpRange:
    """Addresses of one version from `first` to `last`."""

    version: int
    first: int
    last: int

    def found_in(self, text: str) -> bool:
        """Return whether `text` has an address in the range."""
        line = text.encode()
        place = 0
        while found := _HINT.search(line, place):
            start = found.start()
            span = (_V4 if found["v4"] is not None else _V6).match(line, start)
            assert span is not None  # it matches the empty text
            address = _address(span.group().decode())
            if address and address[0] == self.version and self.first <= address[1] <= self.last:
                return True
            # Loki goes on after the character that ended the address.
            place = span.end() + 1
        return False


def ip_range(pattern: str) -> IpRange:
    """Return the range that `pattern` means; raise BadAddress if it means none."""
    wrong = BadAddress(f"ip: invalid pattern: {quoted(pattern)}")
    if single := _address(pattern):
        return IpRange(single[0], single[1], single[1])
    if cidr := _CIDR.match(pattern):
        if not _address(cidr["address"]):
            raise wrong
        try:
            network = ip_network(pattern, strict=False)
        except ValueError:
            raise wrong from None
        return IpRange(network.version, int(network.network_address), int(network.broadcast_address))
    first, dash, last = pattern.partition("-")
    low, high = _address(first), _address(last)
    if not dash or not low or not high or low[0] != high[0] or low[1] > high[1]:
        raise wrong
    return IpRange(low[0], low[1], high[1])


def _address(text: str) -> tuple[int, int] | None:
    """Return the version and the number of an address; None if `text` is none."""
    try:
        if ":" in text:
            return 6, int(IPv6Address(text)) if "%" not in text else -1
        return 4, int(IPv4Address(text))
    except ValueError:
        return None
