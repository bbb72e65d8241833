"""Addresses to listen on: loopback only, and a clear word when one cannot be had."""

from __future__ import annotations

import pytest

from firstlight.config.units import ListenAddress
from firstlight.http.listen import ListenError, bound_address, loopback_only, open_socket

OTHERS = ["0.0.0.0:1610", ":1610", "[::]:1610", "192.0.2.1:1610", "firstlight.example:1610"]
LOOPBACK = ["127.0.0.1:1610", "127.9.9.9:1610", "[::1]:1610", "localhost:1610", "[::ffff:127.0.0.1]:1610"]


@pytest.mark.parametrize("address", OTHERS)
def test_refuses_what_other_machines_could_reach(address: str) -> None:
    with pytest.raises(ListenError) as caught:
        open_socket(ListenAddress.parse(address), "http.listen")

    assert str(caught.value) == (
        f"cannot listen on {address}: authentication is not configured, so everybody who reaches this machine could "
        "read and write its data, and this version has no authentication yet; "
        "want a loopback address, such as 127.0.0.1:1610"
    )


@pytest.mark.parametrize("address", LOOPBACK)
def test_allows_loopback(address: str) -> None:
    listen = ListenAddress.parse(address)

    assert loopback_only(listen) == listen


def test_says_that_a_port_is_taken() -> None:
    with open_socket(ListenAddress("127.0.0.1", 0), "http.listen") as first:
        address = bound_address(first)
        with pytest.raises(ListenError) as caught:
            open_socket(address, "http.listen")

    words = "another program listens there; stop it, or choose another port; set http.listen"
    assert str(caught.value) == f"cannot listen on {address}: {words}"
