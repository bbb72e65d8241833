"""How much may be under way at once, and that all of it is given back."""

from __future__ import annotations

from contextlib import suppress

import pytest

from firstlight.ingest.admission import Admission
from firstlight.ingest.refusal import Overloaded, Stopping
from firstlight.ingest.settings import IngestSettings
from firstlight.sdk.metrics import Registry
from firstlight.telemetry import IngestInstruments

KIB = 1024


def admission(*, requests: int = 2) -> Admission:
    settings = IngestSettings(
        max_body=4 * KIB, max_decompressed=4 * KIB, max_in_flight=8 * KIB, max_requests=requests, retry_after=3
    )
    return Admission(settings, IngestInstruments(Registry()))


def test_refuses_one_request_too_many() -> None:
    gate = admission(requests=2)
    with gate.enter(), gate.enter(), pytest.raises(Overloaded) as caught:
        gate.enter()

    assert str(caught.value) == "cannot take the request now: 2 requests are under way; send it again in 3 s"
    assert caught.value.retry_after == 3


def test_refuses_one_byte_too_many() -> None:
    gate = admission()
    with gate.enter() as one, gate.enter() as other:
        one.hold(5 * KIB)
        other.hold(3 * KIB)
        with pytest.raises(Overloaded) as caught:
            other.hold(1)

    assert (
        str(caught.value) == "cannot take the request now: 8192 bytes of requests are under way; send it again in 3 s"
    )


def test_takes_again_what_was_given_back() -> None:
    gate = admission(requests=1)
    for _ in range(3):
        with gate.enter() as ticket:
            ticket.hold(8 * KIB)


def test_gives_back_what_a_failure_held() -> None:
    gate = admission(requests=1)
    with suppress(Overloaded), gate.enter() as ticket:
        ticket.hold(8 * KIB)
        ticket.hold(1)

    with gate.enter() as ticket:
        ticket.hold(8 * KIB)


def test_refuses_everybody_once_closed() -> None:
    gate = admission()
    gate.close()
    with pytest.raises(Stopping, match="the server is stopping; send it again"):
        gate.enter()


def test_new_settings_hold_from_the_next_request_on() -> None:
    gate = admission(requests=1)
    with gate.enter():
        gate.settings = gate.settings.model_copy(update={"max_requests": 2})
        with gate.enter():
            pass


def test_settings_let_one_request_of_the_largest_size_through() -> None:
    with pytest.raises(ValueError, match=r"max_in_flight is 6KiB.* want 8KiB or more"):
        IngestSettings(max_body=4 * KIB, max_decompressed=4 * KIB, max_in_flight=6 * KIB)
