"""OTLP over gRPC: requests as the bytes they are, eight calls or so at a time on one connection, as collectors do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

import grpc
from google.rpc.error_details_pb2 import RetryInfo
from grpc_status import rpc_status

from bench.load.http import Answer
from bench.load.plan import Signal

METHODS: Final[Mapping[Signal, str]] = {
    "traces": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    "logs": "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
    "metrics": "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
}
"""The one method of each signal's service."""


@dataclass(slots=True)
class Channel:
    """A connection that calls one method."""

    address: str
    method: str
    _channel: grpc.aio.Channel | None = field(default=None, init=False)
    _call: Any = field(default=None, init=False)

    async def post(self, body: bytes | bytearray) -> Answer:
        """Send one request and return its answer; success is called 200 here too."""
        if self._channel is None:
            self._channel = grpc.aio.insecure_channel(self.address, options=[("grpc.use_local_subchannel_pool", 1)])
            self._call = self._channel.unary_unary(self.method)
        try:
            return Answer("200", body=await self._call(bytes(body)))
        except grpc.aio.AioRpcError as error:
            return Answer(error.code().name, _delay(error))

    async def close(self) -> None:
        """Close the connection, if it is open."""
        if self._channel:
            await self._channel.close()
            self._channel = None


def _delay(error: grpc.aio.AioRpcError) -> float | None:
    status = rpc_status.from_call(cast(grpc.Call, error))
    for detail in status.details if status else ():
        info = RetryInfo()
        if detail.Unpack(info):
            return float(info.retry_delay.ToNanoseconds()) / 1e9
    return None
