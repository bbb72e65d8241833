"""The bytes of a log file from a place on, unpacked if its name says that it is packed."""

from __future__ import annotations

import lzma
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, Final, cast

import pyarrow as pa

from firstlight.ingest.tail.identity import HEAD, Head, Inode

PACKED: Final[Mapping[str, str]] = MappingProxyType({".gz": "gzip", ".bz2": "bz2", ".zst": "zstd", ".xz": "xz"})
"""How a file is packed, by the ending of its name."""

SKIP: Final = 1024 * 1024


class Content:
    """A file that stays open wherever it is moved. Raises OSError where the system does, and for what is no archive."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("rb")
        status = os.fstat(self._file.fileno())
        self.inode = Inode(status.st_dev, status.st_ino)
        self.packing = PACKED.get(path.suffix, "")
        self._unpacked: IO[bytes] | None = None
        self._at = 0

    @property
    def size(self) -> int:
        """How many bytes the file has; of a packed one, as it is packed."""
        return os.fstat(self._file.fileno()).st_size

    @property
    def is_linked(self) -> bool:
        """Whether it has a name still."""
        return os.fstat(self._file.fileno()).st_nlink > 0

    def head(self) -> Head:
        """Return how its content begins."""
        return Head.of(self.beginning())

    def beginning(self) -> bytes:
        """Return the first bytes of its content, those that tell it from others."""
        return self.read(0, HEAD)

    def read(self, offset: int, size: int) -> bytes:
        """Return up to `size` bytes from `offset` on; fewer at the end, as far as it is written."""
        if not self.packing:
            return os.pread(self._file.fileno(), size, offset)
        try:
            unpacked = self._unpacked
            if unpacked is None or self._at > offset:
                unpacked = _unpacked(self._file, self.packing)
                self._unpack(unpacked)
            while self._at < offset:
                skipped = unpacked.read(min(SKIP, offset - self._at))
                if not skipped:
                    return b""
                self._at += len(skipped)
            found = unpacked.read(size)
        except EOFError:  # it is being written
            self._unpack(None)
            return b""
        except lzma.LZMAError as error:
            raise OSError(f"not {self.packing}: {error}") from None
        self._at += len(found)
        return found

    def close(self) -> None:
        """Close it."""
        self._unpack(None)
        self._file.close()

    def _unpack(self, unpacked: IO[bytes] | None) -> None:
        """Read from `unpacked` from now on, from its beginning."""
        if self._unpacked is not None:
            self._unpacked.close()
        self._unpacked, self._at = unpacked, 0


def _unpacked(packed: IO[bytes], packing: str) -> IO[bytes]:
    packed.seek(0)
    file = os.fdopen(os.dup(packed.fileno()), "rb")  # since who unpacks closes what it reads
    if packing == "xz":
        return cast(IO[bytes], _Xz(file))
    stream: Any = pa.CompressedInputStream(pa.PythonFile(file, "r"), packing)
    return cast(IO[bytes], stream)


class _Xz(lzma.LZMAFile):
    """Closes what it reads from, as the others do."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file)
        self._file = file

    def close(self) -> None:
        """Close both."""
        super().close()
        self._file.close()
