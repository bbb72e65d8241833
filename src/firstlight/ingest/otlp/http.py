"""OTLP over HTTP, as protobuf and as JSON, ``POST /v1/traces``, ``/v1/metrics``, ``/v1/logs``.

Law: <https://opentelemetry.io/docs/specs/otlp/#otlphttp>. The answer is encoded as the request was.
"""

from __future__ import annotations

import math
from typing import Final

from google.protobuf.message import Message

from firstlight.errors import brief
from firstlight.http.errors import BodyTooLarge
from firstlight.ingest.otlp.signals import Decoder, OtlpSignal, status
from firstlight.ingest.receiver import Context, Reply
from firstlight.ingest.refusal import Cause, Refusal, UnknownType
from firstlight.model.batch import Batch
from firstlight.wire.otlp.json import response_json

PROTOBUF: Final = "application/x-protobuf"
JSON: Final = "application/json"

# Of these, clients send 429 and 503 again.
STATUSES: Final = {
    Cause.MALFORMED: 400,
    Cause.TOO_LARGE: 413,
    Cause.TOO_SLOW: 408,
    Cause.CUT_SHORT: 400,
    Cause.UNKNOWN_TYPE: 415,
    Cause.REFUSED: 400,
    Cause.OVERLOADED: 429,
    Cause.STORE_BUSY: 429,
    Cause.STORE_FULL: 503,
    Cause.STORE_FAILED: 503,
    Cause.STOPPING: 503,
    Cause.BUG: 500,
}


class OtlpHttp:
    """One signal over HTTP."""

    name = "otlp_http"

    def __init__(self, signal: OtlpSignal, decoder: Decoder, *, max_json: int) -> None:
        self._signal = signal
        self._decoder = decoder
        self._max_json = max_json

    @property
    def signal(self) -> str:
        """What the requests carry."""
        return self._signal.name

    def decode(self, body: bytes, context: Context) -> Batch:
        """Return what an export request carries."""
        if context.content_type not in (PROTOBUF, JSON):
            found = brief(context.content_type) if context.content_type else "none"
            raise UnknownType(f"cannot read the content type {found}; want {PROTOBUF} or {JSON}")
        if context.content_type == JSON and len(body) > self._max_json:
            words = f"cannot take JSON of more than {self._max_json} bytes; send smaller requests, or protobuf"
            raise BodyTooLarge(words)
        return self._decoder.decode(
            self._signal.name,
            body,
            json=context.content_type == JSON,
            tenant=context.tenant,
            now_ns=context.now_ns,
        )

    def reply(self, batch: Batch, context: Context) -> Reply:
        """Answer success, with what was refused if something was."""
        return _encoded(200, self._signal.success(batch), context)

    def refuse(self, refusal: Refusal, context: Context) -> Reply:
        """Answer an error; one that will pass says when to come again."""
        headers = {"retry-after": str(math.ceil(refusal.retry_after))} if refusal.cause.retryable else {}
        return _encoded(STATUSES[refusal.cause], status(refusal), context, headers)


def _encoded(code: int, message: Message | None, context: Context, headers: dict[str, str] | None = None) -> Reply:
    # Whoever sent a type that we do not know is answered in the one that people can read.
    if context.content_type == PROTOBUF:
        body, content_type = message.SerializeToString() if message else b"", PROTOBUF
    else:
        body, content_type = response_json(message) if message else b"{}", JSON
    return Reply(code, body, {"content-type": content_type, **(headers or {})})
