"""Prometheus remote write, versions 1 and 2, ``POST /api/v1/write``.

Law: <https://prometheus.io/docs/specs/prw/remote_write_spec/> and `…_2_0/`. The content type says which message it is.
Of a request with something bad in it the rest is kept, and the answer is 400 with what was kept in its headers, so that
it is not sent again. Samples may come in any order and more than once.
"""

from __future__ import annotations

from typing import Final, Protocol

from firstlight.errors import brief
from firstlight.ingest.plain_text import refused, told
from firstlight.ingest.receiver import Context, Reply
from firstlight.ingest.refusal import Refusal, UnknownType
from firstlight.model.batch import Batch
from firstlight.wire.remote.decoder import WriteMessage

PATH: Final = "/api/v1/write"
PROTOBUF: Final = "application/x-protobuf"
DEFAULT_ENCODING: Final = "snappy"
"""What a body is compressed with that names no encoding: some clients forget to, and there is no other in version 1."""

WRITTEN: Final = {
    "samples": "x-prometheus-remote-write-samples-written",
    "histograms": "x-prometheus-remote-write-histograms-written",
    "exemplars": "x-prometheus-remote-write-exemplars-written",
}


class Decoder(Protocol):
    """What turns requests into batches: `wire.remote.decoder.RemoteWriteDecoder`."""

    def decode(self, body: bytes, message: WriteMessage, *, tenant: str, now_ns: int) -> Batch:
        """Return what a request carries; raise `DecodeError` if it cannot be read."""
        ...


class RemoteWrite:
    """The receiver of both versions."""

    name = "remote_write"
    signal = "metrics"

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder

    def decode(self, body: bytes, context: Context) -> Batch:
        """Return what a write request carries."""
        return self._decoder.decode(body, _message(context), tenant=context.tenant, now_ns=context.now_ns)

    def reply(self, batch: Batch, context: Context) -> Reply:
        """Answer what was written; an error, if something was refused."""
        rows = {kind: batch.tables[kind].num_rows if kind in batch.tables else 0 for kind in WRITTEN}
        # What the store refused besides, it does not say of what kind it was.
        rows["samples"] = max(0, min(rows["samples"], batch.items - rows["histograms"]))
        headers = {header: str(rows[kind]) for kind, header in WRITTEN.items()}
        if batch.rejected.total:
            return told(400, f"cannot take all of the request: {batch.rejected.message}", headers)
        return Reply(204, b"", headers)

    def refuse(self, refusal: Refusal, context: Context) -> Reply:
        """Answer an error; one that will pass says when to come again."""
        return refused(refusal, dict.fromkeys(WRITTEN.values(), "0"))


def _message(context: Context) -> WriteMessage:
    # Prometheus, too, takes what names no type for version 1.
    if context.content_type not in ("", PROTOBUF):
        raise UnknownType(f"cannot read the content type {brief(context.content_type)}; want {PROTOBUF}")
    name = context.parameters.get("proto", WriteMessage.VERSION_1)
    if name not in list(WriteMessage):
        raise UnknownType(f"cannot read the message {brief(name)}; want one of {', '.join(WriteMessage)}")
    return WriteMessage(name)
