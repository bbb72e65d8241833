"""The gRPC server: one address, any handlers, and nothing that grpc would rather do by itself."""

from __future__ import annotations

from collections.abc import Sequence

import grpc

from firstlight.config.units import ListenAddress
from firstlight.http.listen import ListenError, bound_address, open_socket


class GrpcServer:
    """Serves `handlers`. A message is refused by grpc itself if it is over `max_message`, as sent or decompressed."""

    def __init__(
        self, handlers: Sequence[grpc.GenericRpcHandler], address: ListenAddress, setting: str, *, max_message: int
    ) -> None:
        self._address = address
        self._setting = setting
        self._server = grpc.aio.server(
            options=[
                ("grpc.max_receive_message_length", max_message),
                ("grpc.so_reuseport", 0),  # or a second server would listen on the same port, and get half of it all
            ]
        )
        self._server.add_generic_rpc_handlers(list(handlers))

    async def start(self) -> ListenAddress:
        """Return where it listens, once calls are accepted; raise `ListenError` if it cannot."""
        # grpc tells nobody why it cannot have an address: a socket of our own tells, and makes room again.
        with open_socket(self._address, self._setting) as probe:
            host = bound_address(probe).host
        wanted = ListenAddress(host, self._address.port)
        try:
            port = self._server.add_insecure_port(str(wanted))
        except RuntimeError:
            raise ListenError(f"cannot listen on {wanted}: grpc could not bind it; set {self._setting}") from None
        await self._server.start()
        return ListenAddress(host, port)

    async def stop(self, seconds: float) -> None:
        """Accept nothing more, and return when all calls are answered, or are cancelled after `seconds`."""
        await self._server.stop(seconds)
