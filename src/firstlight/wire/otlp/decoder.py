"""OTLP requests to batches: the one decoder for three signals and two encodings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

import pyarrow as pa

from firstlight.errors import DecodeError
from firstlight.model.batch import Batch, Rejections, join
from firstlight.wire.census import Census
from firstlight.wire.otlp.json import Signal, to_protobuf
from firstlight.wire.otlp.logs import decode_logs
from firstlight.wire.otlp.messages import readers
from firstlight.wire.otlp.metrics import MetricsDecoder
from firstlight.wire.otlp.names import Translation
from firstlight.wire.otlp.origins import Origins
from firstlight.wire.otlp.series import Directory
from firstlight.wire.otlp.spans import decode_spans
from firstlight.wire.otlp.split import split

MAX_DECODED: Final = 256 * 1024 * 1024
"""How many bytes of columns one request may become: four times the largest that is taken; most are not even once."""


class OtlpDecoder:
    """Decodes requests, and remembers between them who sends and which series there are.

    What it remembers is told by the store: call `learn` with every table that has become durable. Without that the same
    rows of origins, series and metadata come with each batch; nothing else is lost. Safe to use from several threads.
    """

    def __init__(self, translation: Translation, census: Census | None = None) -> None:
        found = readers()
        self._origins = Origins()
        self._directory = Directory(translation, census=census)
        self._metrics = metrics = MetricsDecoder(found["Metrics"], self._origins, self._directory)
        logs, traces = found["Logs"], found["Traces"]
        self._decode: Mapping[Signal, Callable[[bytes, str, int], Batch]] = {
            "logs": lambda body, tenant, now_ns: decode_logs(
                body, reader=logs, origins=self._origins, tenant=tenant, now_ns=now_ns
            ),
            "traces": lambda body, tenant, _: decode_spans(body, reader=traces, origins=self._origins, tenant=tenant),
            "metrics": lambda body, tenant, _: metrics.decode(body, tenant=tenant),
        }

    def decode(self, signal: Signal, body: bytes, *, json: bool, tenant: str, now_ns: int) -> Batch:
        """Return what a request carries; raise DecodeError if it cannot be read.

        `body` is an Export…ServiceRequest, as protobuf or, with `json`, as OTLP/JSON; `now_ns` is the time of records
        that have none.
        """
        rejected = Rejections()
        if json:
            converted = to_protobuf(body, signal)
            body, rejected = converted.data, Rejections(converted.rejected)
        batch = join(_bounded(self._decode[signal](piece, tenant, now_ns) for piece in split(body, signal)))
        return Batch(batch.tables, batch.items, rejected + batch.rejected)

    def learn(self, kind: str, stored: pa.Table) -> None:
        """Take note that a table of this kind is durable."""
        if kind == "origins":
            self._origins.learn(stored)
        else:
            self._directory.learn(kind, stored)

    def forget(self, kind: str, day: int) -> None:
        """Take note that what is stored of this kind for a day, counted from 1970, has been dropped."""
        self._metrics.repeats.forget()
        if kind == "origins":
            self._origins.forget(day)
        else:
            self._directory.forget(kind, day)


def _bounded(batches: Iterable[Batch]) -> Iterator[Batch]:
    size = 0
    for batch in batches:
        size += batch.nbytes
        if size > MAX_DECODED:
            raise DecodeError(
                f"cannot read the body: its records take more than {MAX_DECODED} bytes of memory; send smaller requests"
            )
        yield batch
