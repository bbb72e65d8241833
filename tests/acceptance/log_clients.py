"""Libraries that log to somewhere, each as a program uses it: ``log_clients.py <which> <host> <port>``.

With TLS, ``LOG_CLIENTS_CA`` names the authority to trust.

A program of its own, so that what they leave open and whom they start ends with it. Exits with `MISSING` if the library
is not installed.
"""

from __future__ import annotations

import importlib
import logging
import logging.handlers
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

Address = tuple[str, int]

MISSING = 3


def library(name: str) -> Any:
    """Return a module; exit if it is not installed."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        sys.exit(MISSING)


def authority() -> str:
    """Return the file of the authority that is trusted."""
    return os.environ["LOG_CLIENTS_CA"]


@contextmanager
def logger(handler: logging.Handler) -> Iterator[logging.Logger]:
    """Hold a logger open that has only this handler."""
    found = logging.getLogger("shop.cart")
    found.setLevel(logging.DEBUG)
    found.addHandler(handler)
    try:
        yield found
    finally:
        handler.flush()
        handler.close()


def emit(found: logging.Logger) -> None:
    """Log what every library is tried with."""
    found.info("cart filled", extra={"user_id": 7, "items": ["a", "b"]})
    found.error("naïve ünïcode ☂", extra={"user_id": 8})
    try:
        raise KeyError("gone")
    except KeyError:
        found.exception("it broke")


def syslog_udp(address: Address) -> None:
    with logger(logging.handlers.SysLogHandler(address, facility="local3")) as found:
        found.handlers[0].ident = "shop[42]: "  # type: ignore[attr-defined]  # which is how it is set
        emit(found)


def syslog_tcp(address: Address) -> None:
    with logger(logging.handlers.SysLogHandler(address, socktype=socket.SOCK_STREAM)) as found:
        found.handlers[0].ident = "shop[42]: "  # type: ignore[attr-defined]
        emit(found)


def graypy_tcp(address: Address) -> None:
    graypy = library("graypy")
    with logger(graypy.GELFTCPHandler(*address)) as found:
        emit(found)


def graypy_udp(address: Address) -> None:
    graypy = library("graypy")
    with logger(graypy.GELFUDPHandler(*address)) as found:
        emit(found)


def graypy_udp_chunked(address: Address) -> None:
    graypy = library("graypy")
    with logger(
        graypy.GELFUDPHandler(*address, library("graypy.handler").GELFWarningChunker(100), compress=False)
    ) as found:
        emit(found)


def pygelf_tcp(address: Address) -> None:
    pygelf = library("pygelf")
    with logger(pygelf.GelfTcpHandler(*address, include_extra_fields=True, _service="shop")) as found:
        emit(found)


def pygelf_udp(address: Address) -> None:
    pygelf = library("pygelf")
    with logger(pygelf.GelfUdpHandler(*address, chunk_size=100, include_extra_fields=True)) as found:
        emit(found)


def logstash_beats(address: Address) -> None:
    _logstash_async("logstash_async.transport.BeatsTransport", address)


def logstash_beats_tls(address: Address) -> None:
    _logstash_async(
        "logstash_async.transport.BeatsTransport", address, ssl_enable=True, ssl_verify=True, ca_certs=authority()
    )


def pygelf_tls(address: Address) -> None:
    pygelf = library("pygelf")
    host, port = address
    with logger(
        pygelf.GelfTlsHandler(
            host=host, port=port, validate=True, ca_certs=authority(), include_extra_fields=True, _service="shop"
        )
    ) as found:
        emit(found)


def logstash_async_tcp(address: Address) -> None:
    _logstash_async("logstash_async.transport.TcpTransport", address)


def _logstash_async(transport: str, address: Address, **more: object) -> None:
    module = library("logstash_async.handler")
    formatter = library("logstash_async.formatter")
    plain = {"ssl_enable": False, "ssl_verify": False}
    handler = module.AsynchronousLogstashHandler(*address, None, transport=transport, **{**plain, **more})
    handler.setFormatter(formatter.LogstashFormatter(message_type="python-logstash"))
    with logger(handler) as found:
        emit(found)


def python_logstash(address: Address) -> None:
    logstash = library("logstash")
    with logger(logstash.TCPLogstashHandler(*address, version=1)) as found:
        emit(found)


def fluent(address: Address) -> None:
    _fluent(address, nanoseconds=False)


def fluent_nanoseconds(address: Address) -> None:
    _fluent(address, nanoseconds=True)


def _fluent(address: Address, *, nanoseconds: bool) -> None:
    sender = library("fluent.sender")
    found = sender.FluentSender("shop", *address, nanosecond_precision=nanoseconds)
    for message in ("cart filled", "naïve ünïcode ☂", "it broke"):
        assert found.emit("cart", {"message": message, "user_id": 7, "nested": {"a": [1]}}), found.last_error
    found.close()


def logstash_http_root(address: Address) -> None:
    _logstash_async("logstash_async.transport.HttpTransport", address)


def graypy_http(address: Address) -> None:
    graypy = library("graypy")
    with logger(graypy.GELFHTTPHandler(*address)) as found:
        emit(found)


def pygelf_http(address: Address) -> None:
    pygelf = library("pygelf")
    with logger(pygelf.GelfHttpHandler(*address, include_extra_fields=True)) as found:
        emit(found)


CLIENTS = {
    client.__name__: client
    for client in (
        syslog_udp,
        syslog_tcp,
        graypy_tcp,
        graypy_udp,
        graypy_udp_chunked,
        pygelf_tcp,
        pygelf_udp,
        logstash_beats,
        logstash_beats_tls,
        pygelf_tls,
        logstash_async_tcp,
        python_logstash,
        fluent,
        fluent_nanoseconds,
        logstash_http_root,
        graypy_http,
        pygelf_http,
    )
}

if __name__ == "__main__":
    CLIENTS[sys.argv[1]]((sys.argv[2], int(sys.argv[3])))
