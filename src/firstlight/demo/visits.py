"""What the visitors do, and when: an endless list that its seed decides, and nothing else."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from firstlight.demo.catalogue import COUPON, DECLINED_CARD, GOOD_CARD, PRODUCTS, TENANTS, Item, Order

ORDERING = 0.6
WITH_COUPON = 0.4
WITH_BAD_CARD = 0.03


@dataclass(frozen=True, slots=True)
class Visit:
    """One request, so many seconds after the start: an order, or else a look at the products."""

    at_s: float
    tenant_id: str
    correlation_id: str
    order: Order | None

    @property
    def request(self) -> str:
        """The request's method and path."""
        return "POST /orders" if self.order else "GET /products"


def visits(seed: int, rate: float) -> Iterator[Visit]:
    """Yield the visits in order of time: `rate` a second on average, as irregular as people are."""
    chance = random.Random(seed)  # noqa: S311 - a load needs no secrets
    at_s = 0.0
    while True:
        at_s += chance.expovariate(rate)
        yield Visit(
            at_s,
            tenant_id=chance.choices(TENANTS, weights=range(len(TENANTS), 0, -1))[0],
            correlation_id=f"visit-{chance.getrandbits(48):012x}",
            order=_order(chance) if chance.random() < ORDERING else None,
        )


def _order(chance: random.Random) -> Order:
    skus = chance.sample(sorted(PRODUCTS), chance.randint(1, 3))
    return Order(
        items=[Item(sku=sku, quantity=chance.randint(1, 3)) for sku in skus],
        card=DECLINED_CARD if chance.random() < WITH_BAD_CARD else GOOD_CARD,
        coupon=COUPON if chance.random() < WITH_COUPON else None,
    )
