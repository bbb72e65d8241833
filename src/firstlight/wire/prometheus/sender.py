"""One sender of metrics, who may answer in one format now and in another later."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from firstlight.wire.prometheus.book import Book, Page, Relabel
from firstlight.wire.prometheus.custom_bounds import Converter
from firstlight.wire.prometheus.exposition import Exposition
from firstlight.wire.prometheus.negotiation import Protocol
from firstlight.wire.prometheus.protobuf import ProtobufReader
from firstlight.wire.prometheus.reader import TextReader


@dataclass(frozen=True, slots=True)
class Options:
    """How a sender's histograms are taken; by default as Prometheus does that scrapes native ones.

    `native`: native histograms are taken as such. `classic`: those that are classic besides, as both.
    `custom_bounds`: those that are only classic are made native ones with custom bounds.
    """

    native: bool = True
    classic: bool = False
    custom_bounds: bool = False


class Sender:
    """Reads the bodies of one sender, a target or a client that pushes, and remembers how they look.

    Not for several threads at once: one body of a sender is read after the other. `relabel` is asked once for each
    series, and again on the first sample of a day. To change it, make another `Sender`.
    """

    def __init__(
        self, book: Book, tenant: str, *, relabel: Relabel | None = None, options: Options = Options()
    ) -> None:
        self._text = partial(TextReader, book, tenant, relabel=relabel)
        self._protobuf = partial(
            ProtobufReader, book, tenant, native=options.native, classic=options.classic, relabel=relabel
        )
        self._options = options
        self._protocol: Protocol | None = None
        self._reader: TextReader | ProtobufReader | None = None
        self._converter: Converter | None = None

    def read(self, body: bytes, protocol: Protocol) -> tuple[Exposition, Page]:
        """Return what a body says, and the page that knows its series. Raise BadExposition if it cannot be read."""
        if self._reader is None or protocol != self._protocol:
            self._protocol = protocol
            self._reader = (
                self._protobuf() if protocol is Protocol.PROTOBUF else self._text(openmetrics=protocol.openmetrics)
            )
            if self._options.custom_bounds:
                self._converter = Converter(self._reader.labels, self._reader.histogram_key)
        found = self._reader.read(body)
        if self._converter is not None:
            found = self._converter.convert(found, classic=self._options.classic)
        # Series that come and go pile up; a target with none of them fits in twice what it has.
        self._reader.page.trim(2 * (len(found.keys) + len(found.histogram_keys)) + 1000)
        return found, self._reader.page
