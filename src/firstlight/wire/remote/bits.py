"""Bits, written one after the other, the most significant first."""

from __future__ import annotations


class Bits:
    """Grows by single bits and by numbers of so many bits."""

    def __init__(self) -> None:
        self._value = 0
        self._length = 0
        self._done = bytearray()

    def write(self, value: int, length: int) -> None:
        """Write the last `length` bits of `value`, which may be negative."""
        self._value = self._value << length | value & ((1 << length) - 1)
        self._length += length
        if self._length >= 512:
            self._flush()

    def uvarint(self, value: int) -> None:
        """Write a number, not negative, as Go's `binary.PutUvarint` does."""
        while value > 0x7F:
            self.write(value & 0x7F | 0x80, 8)
            value >>= 7
        self.write(value, 8)

    def varint(self, value: int) -> None:
        """Write a number as Go's `binary.PutVarint` does."""
        self.uvarint(value << 1 if value >= 0 else ~(value << 1))

    def bytes(self) -> bytes:
        """Return everything written, filled up with zeros to whole bytes."""
        self._flush()
        if self._length:
            return bytes(self._done) + bytes([self._value << (8 - self._length)])
        return bytes(self._done)

    def _flush(self) -> None:
        whole, left = divmod(self._length, 8)
        self._done += (self._value >> left).to_bytes(whole)
        self._value &= (1 << left) - 1
        self._length = left
