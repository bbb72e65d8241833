"""What an order costs, and how the broken price list fails."""

from __future__ import annotations

import pytest

from firstlight.demo.catalogue import BROKEN_PRICE_LIST, COUPON, PRICE_LIST, Item, Order, total_cents

PRICES = [
    # what                       items                                coupon     cents
    ("one thing",                [("MAP-N", 1)],                      None,      1_900),
    ("several of two",           [("MAP-N", 2), ("LAMP-R", 3)],       None,      11_000),
    ("a tenth off",              [("TEL-80", 1)],                     COUPON,    22_410),
    ("a coupon nobody knows",    [("MAP-N", 1)],                      "AUTUMN",  1_900),
    ("parts of a cent are ours", [("EYE-25", 1), ("FIL-OIII", 1)],    COUPON,    13_320),
]  # fmt: skip


def order(items: list[tuple[str, int]], coupon: str | None) -> Order:
    return Order(items=[Item(sku=sku, quantity=quantity) for sku, quantity in items], card="4242-4242", coupon=coupon)


@pytest.mark.parametrize(("items", "coupon", "cents"), [row[1:] for row in PRICES], ids=[row[0] for row in PRICES])
def test_prices(items: list[tuple[str, int]], coupon: str | None, cents: int) -> None:
    assert total_cents(order(items, coupon), PRICE_LIST) == cents


def test_the_broken_price_list_breaks_on_coupons() -> None:
    with pytest.raises(TypeError, match="unsupported operand"):
        total_cents(order([("MAP-N", 1)], COUPON), BROKEN_PRICE_LIST)


def test_the_broken_price_list_does_not_break_without() -> None:
    assert total_cents(order([("MAP-N", 1)], None), BROKEN_PRICE_LIST) == 1_900
