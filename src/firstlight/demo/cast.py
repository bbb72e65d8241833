"""Who plays in the demo: the services of the shop, how each sends its telemetry, and what each does wrong.

The storefront takes the visitors' requests and asks the checkout to place orders; the checkout reserves the goods in
the inventory and has the payments charge the card. What is printed, started and documented comes from these tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from firstlight.demo.timetable import Scenario

VISITORS = "visitors"
"""The load generator, which is a process beside the services and sends no telemetry."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service of the shop, its protocol of OTLP, and how the SDK sums up its histograms for OTLP."""

    name: str
    protocol: Literal["grpc", "http"]
    histograms: Literal["explicit", "exponential"] = "explicit"


SERVICES = (
    Service("storefront", "http"),
    Service("checkout", "http"),
    Service("inventory", "grpc"),
    Service("payments", "http", histograms="exponential"),
)


@dataclass(frozen=True, slots=True)
class Story:
    """What happens in a scenario, in which service, and what is seen of it."""

    scenario: Scenario
    service: str
    words: str


STORIES = {
    story.scenario: story
    for story in (
        Story(
            Scenario.SLOW_QUERY,
            "inventory",
            "a recount keeps the stock table locked, and orders wait for it up to a second",
        ),
        Story(
            Scenario.ERROR_BURST,
            "checkout",
            "a price list with broken coupons is live, and orders with a coupon fail with a TypeError",
        ),
        Story(
            Scenario.MEMORY_GROWTH,
            "storefront",
            "a cache of carts forgets to evict, grows by 96 MiB, and is emptied at the end",
        ),
        Story(
            Scenario.DEAD_DEPENDENCY,
            "payments",
            "nobody listens on its port: the checkout tries three times, then gives the goods back and fails",
        ),
    )
}


def service_named(name: str) -> Service:
    """Return the service of that name."""
    return next(service for service in SERVICES if service.name == name)
