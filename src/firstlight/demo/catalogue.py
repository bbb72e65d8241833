"""What the shop sells, to whom, and at what price. Money is in cents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field


@dataclass(frozen=True, slots=True)
class Product:
    """Something to buy."""

    name: str
    cents: int


PRODUCTS = {
    "TEL-80": Product("Refractor telescope, 80 mm", 24_900),
    "TEL-200": Product("Dobsonian telescope, 200 mm", 49_900),
    "EYE-25": Product("Eyepiece, 25 mm", 5_900),
    "FIL-OIII": Product("O III filter", 8_900),
    "MAP-N": Product("Star map, northern sky", 1_900),
    "LAMP-R": Product("Red head lamp", 2_400),
}

TENANTS = ("aurora", "borealis", "corona")

COUPON = "SPRING10"
PRICE_LIST: Mapping[str, Any] = {COUPON: 10}
BROKEN_PRICE_LIST: Mapping[str, Any] = {COUPON: "10%"}
"""What is live during an error burst: somebody wrote the rate as people do."""

DECLINED_CARD = "4000-0002"
GOOD_CARD = "4242-4242"


class Item(BaseModel):
    """A product and how many of it."""

    sku: str
    quantity: int = Field(ge=1, le=100)


class Order(BaseModel):
    """What a visitor asks for."""

    items: Sequence[Item] = Field(min_length=1)
    card: str
    coupon: str | None = None


class Reservation(BaseModel):
    """Goods to keep for an order."""

    order_id: str
    items: Sequence[Item]


class Charge(BaseModel):
    """Money to take from a card for an order."""

    order_id: str
    cents: int
    card: str


def total_cents(order: Order, price_list: Mapping[str, Any]) -> int:
    """Return what `order` costs."""
    full = sum(PRODUCTS[item.sku].cents * item.quantity for item in order.items)
    return _discounted(full, order.coupon, price_list)


def _discounted(cents: int, coupon: str | None, price_list: Mapping[str, Any]) -> int:
    rate = price_list.get(coupon, 0) if coupon else 0
    return int(cents * (100 - rate) // 100)
