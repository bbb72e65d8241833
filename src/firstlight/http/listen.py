"""Sockets to listen on. Only this machine may connect, as long as there is no authentication."""

from __future__ import annotations

import errno
import socket

from firstlight.config.units import ListenAddress
from firstlight.errors import UserError

BACKLOG = 2048


class ListenError(UserError):
    """An address that cannot be listened on."""


def loopback_only(address: ListenAddress) -> ListenAddress:
    """Return `address`; raise ValueError if other machines could connect to it."""
    if not address.is_loopback:
        raise ValueError(
            f"cannot listen on {address}: authentication is not configured, so everybody who reaches this machine "
            f"could read and write its data, and this version has no authentication yet; "
            f"want a loopback address, such as 127.0.0.1:{address.port}"
        )
    return address


def open_socket(address: ListenAddress, setting: str) -> socket.socket:
    """Return a socket that is bound to `address` and listens; `setting` is what the user can change."""
    try:
        loopback_only(address)
        family, kind, protocol, _, where = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0]
    except ValueError as error:
        raise ListenError(str(error)) from None
    except socket.gaierror as error:
        words = f"cannot listen on {address}: the host is unknown ({error.strerror}); set {setting}"
        raise ListenError(words) from None
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(where)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise ListenError(f"cannot listen on {address}: {_reason(error)}; set {setting}") from None
    return listener


def bound_address(listener: socket.socket) -> ListenAddress:
    """Return where `listener` really listens: with the port it got, if any would do."""
    host, port = listener.getsockname()[:2]
    return ListenAddress(host, port)


def _reason(error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return "another program listens there; stop it, or choose another port"
        case errno.EACCES:
            return "not permitted; want a port of 1024 or more"
        case errno.EADDRNOTAVAIL:
            return "this machine has no such address"
    return error.strerror or str(error)
