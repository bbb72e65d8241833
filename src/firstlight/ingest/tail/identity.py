"""Which file is which, whatever it is called now: by its inode, and by how its content begins."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final, NamedTuple

HEAD: Final = 1024
"""How many bytes at the beginning of a file tell it from others."""


class Inode(NamedTuple):
    """Where a file system has a file."""

    device: int
    number: int


@dataclass(frozen=True, slots=True)
class Head:
    """How the content of a file begins: so many bytes, and their digest."""

    size: int
    digest: str

    @classmethod
    def of(cls, content: bytes) -> Head:
        """Return the head of a file that has `content`."""
        head = content[:HEAD]
        return cls(len(head), hashlib.blake2b(head, digest_size=16).hexdigest())

    def begins(self, content: bytes) -> bool:
        """Return whether a file that has `content` may be one that had this head, and has grown."""
        return len(content) >= self.size and Head.of(content[: self.size]).digest == self.digest

    @property
    def is_whole(self) -> bool:
        """Whether it is long enough to tell a file from all others."""
        return self.size == HEAD


NOTHING: Final = Head.of(b"")
