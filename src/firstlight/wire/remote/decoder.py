"""Remote write requests to batches: the one decoder for both versions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

from firstlight.errors import DecodeError
from firstlight.model.batch import Batch, join
from firstlight.wire.otlp.decoder import MAX_DECODED
from firstlight.wire.prometheus.book import Book
from firstlight.wire.remote.pieces import pieces
from firstlight.wire.remote.write1 import Write1Decoder
from firstlight.wire.remote.write2 import Write2Decoder


class WriteMessage(StrEnum):
    """The two messages of remote write, by the names that content types give them."""

    VERSION_1 = "prometheus.WriteRequest"
    VERSION_2 = "io.prometheus.write.v2.Request"


class RemoteWriteDecoder:
    """Decodes requests; what it remembers between them only saves work. Safe to use from several threads."""

    def __init__(self, book: Book) -> None:
        self._version_1 = Write1Decoder(book)
        self._version_2 = Write2Decoder(book)

    def decode(self, body: bytes, message: WriteMessage, *, tenant: str, now_ns: int) -> Batch:
        """Return what a request, decompressed, carries; raise DecodeError if it cannot be read.

        `now_ns` is the day of metadata that come without samples.
        """
        if message is WriteMessage.VERSION_1:
            batches = (self._version_1.decode(one, tenant=tenant, now_ns=now_ns) for one in pieces(body, _SERIES_1))
        else:
            batches = (self._version_2.decode(one, tenant=tenant) for one in pieces(body, _SERIES_2))
        return join(_bounded(batches))


def _bounded(batches: Iterable[Batch]) -> Iterator[Batch]:
    size = 0
    for batch in batches:
        size += batch.nbytes
        if size > MAX_DECODED:
            raise DecodeError(
                f"cannot read the body: its samples take more than {MAX_DECODED} bytes of memory; send smaller requests"
            )
        yield batch


_SERIES_1 = frozenset({1, 3})
_SERIES_2 = frozenset({5})
