"""OTLP over gRPC: the three ``Export`` methods, their messages handled as bytes.

Law: <https://opentelemetry.io/docs/specs/otlp/#otlpgrpc>. The methods are declared as taking a stream, of which the
first message is read: on the wire that is the same, and a call is admitted before its message is in memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import grpc

from firstlight.http.errors import BodyCutShort, BodyTooSlow
from firstlight.ingest.admission import Ticket
from firstlight.ingest.otlp.signals import Decoder, OtlpSignal, retry_info, status
from firstlight.ingest.receiver import Context, Receiver
from firstlight.ingest.refusal import Refusal
from firstlight.ingest.server import Incoming, IngestServer
from firstlight.model.batch import Batch

GRPC_CODES: Final[Mapping[int, grpc.StatusCode]] = {code.value[0]: code for code in grpc.StatusCode}


@dataclass(frozen=True, slots=True)
class GrpcAnswer:
    """The bytes of a response message, or why there is none."""

    message: bytes = b""
    refusal: Refusal | None = None


class OtlpGrpc:
    """One signal over gRPC."""

    name = "otlp_grpc"

    def __init__(self, signal: OtlpSignal, decoder: Decoder) -> None:
        self._signal = signal
        self._decoder = decoder

    @property
    def signal(self) -> str:
        """What the requests carry."""
        return self._signal.name

    def decode(self, body: bytes, context: Context) -> Batch:
        """Return what an export request carries."""
        return self._decoder.decode(self._signal.name, body, json=False, tenant=context.tenant, now_ns=context.now_ns)

    def reply(self, batch: Batch, context: Context) -> GrpcAnswer:
        """Answer success, with what was refused if something was."""
        message = self._signal.success(batch)
        return GrpcAnswer(message.SerializeToString() if message else b"")

    def refuse(self, refusal: Refusal, context: Context) -> GrpcAnswer:
        """Answer an error."""
        return GrpcAnswer(refusal=refusal)


Call = grpc.aio.ServicerContext[bytes, bytes]
Method = Callable[[AsyncIterator[bytes], Call], Awaitable[bytes]]


def export_handler(
    signal: OtlpSignal, receiver: Receiver[GrpcAnswer], ingest: IngestServer, *, message_seconds: float
) -> grpc.GenericRpcHandler:
    """Return what handles the one method of a signal's service."""

    async def export(messages: AsyncIterator[bytes], call: Call) -> bytes:
        answer = await ingest.answer(receiver, Incoming(read=partial(_read, messages, message_seconds)))
        if answer.refusal is not None:
            await _abort(call, answer.refusal)
        return answer.message

    method: grpc.RpcMethodHandler[bytes, bytes] = grpc.stream_unary_rpc_method_handler(export)
    return grpc.method_handlers_generic_handler(signal.service, {"Export": method})


async def _read(messages: AsyncIterator[bytes], seconds: float, ticket: Ticket) -> bytes:
    try:
        async with asyncio.timeout(seconds):
            message = await anext(messages, None)
    except TimeoutError:
        raise BodyTooSlow(f"cannot wait any longer for the message: it did not come in {seconds:g} s") from None
    if message is None:
        raise BodyCutShort("cannot read the message: the call ended without one")
    ticket.hold(len(message))
    return message


async def _abort(call: Call, refusal: Refusal) -> None:
    answer = status(refusal)
    trailers = [("grpc-status-details-bin", answer.SerializeToString())]
    if refusal.cause.retryable:
        # Where OpenTelemetry's Python exporter looks for it.
        trailers.append(("google.rpc.retryinfo-bin", retry_info(refusal).SerializeToString()))
    await call.abort(GRPC_CODES[answer.code], answer.message, tuple(trailers))
