"""The visitors are decided by their seed, and come as often as they are told to."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest

from firstlight.demo.catalogue import COUPON, PRODUCTS, TENANTS
from firstlight.demo.visits import Visit, visits


def first(count: int, *, seed: int = 1, rate: float = 5.0) -> list[Visit]:
    return list(islice(visits(seed, rate), count))


def test_the_same_seed_brings_the_same_visitors() -> None:
    assert first(50) == first(50)


def test_another_seed_brings_others() -> None:
    assert first(50) != first(50, seed=2)


@pytest.mark.parametrize("rate", [0.5, 5.0, 100.0])
def test_comes_at_the_rate_on_average(rate: float) -> None:
    last = first(2_000, rate=rate)[-1]

    assert 2_000 / last.at_s == pytest.approx(rate, rel=0.1)


def test_comes_in_order_of_time() -> None:
    times = [visit.at_s for visit in first(200)]

    assert times == sorted(times)


def test_visitors_are_of_every_kind() -> None:
    """All tenants, looks and orders, with and without coupon, all products, and each visit has its own id."""
    found = first(500)
    orders = [visit.order for visit in found if visit.order]
    kinds = Counter(visit.request for visit in found)

    assert {visit.tenant_id for visit in found} == set(TENANTS)
    assert set(kinds) == {"POST /orders", "GET /products"}
    assert {order.coupon for order in orders} == {COUPON, None}
    assert {item.sku for order in orders for item in order.items} == set(PRODUCTS)
    assert len({visit.correlation_id for visit in found}) == len(found)
