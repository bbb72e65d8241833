"""How both sides of Fluentd's forward protocol show that they know the same key, without telling it."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any, Final

import msgpack

from firstlight.errors import DecodeError
from firstlight.wire.fluent.unpack import packed

OURSELVES: Final = "firstlight"
"""What the server is called in the answer."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """The key, and what is said only once."""

    key: str
    nonce: bytes

    def hello(self) -> bytes:
        """Return what the server says first: the nonce, and that no user is asked for."""
        return bytes(msgpack.packb(["HELO", {"nonce": self.nonce, "auth": b"", "keepalive": True}]))

    def answer(self, message: Any) -> tuple[bytes, bool]:
        """Return the answer to a client's ``PING``, and whether it knows the key; raise DecodeError if it is none."""
        match message:
            case ["PING" | b"PING", str() | bytes() as host, str() | bytes() as salt, str() | bytes() as digest, *_]:
                wanted = self._digest(packed(salt), packed(host))
                if hmac.compare_digest(wanted.encode(), packed(digest)):
                    ours = self._digest(packed(salt), OURSELVES.encode())
                    return bytes(msgpack.packb(["PONG", True, "", OURSELVES, ours])), True
                return bytes(msgpack.packb(["PONG", False, "shared_key mismatch", "", ""])), False
        raise DecodeError("cannot take messages before the handshake: want a PING made with the shared key")

    def _digest(self, salt: bytes, host: bytes) -> str:
        return hashlib.sha512(salt + host + self.nonce + self.key.encode()).hexdigest()
