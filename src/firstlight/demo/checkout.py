"""The checkout: prices an order, has the goods reserved and the card charged. Coupons and dead payments fail here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import httpx
from fastapi import HTTPException

from firstlight.demo.catalogue import BROKEN_PRICE_LIST, PRICE_LIST, PRODUCTS, Charge, Order, Reservation, total_cents
from firstlight.demo.correlation import ORDER_ID, TENANT_ID, carried
from firstlight.demo.service_app import Backstage, service_app
from firstlight.demo.timetable import Scenario

ATTEMPTS = 3
FIRST_PAUSE_S = 0.1
"""How long to wait after the first attempt; each further wait is twice the one before."""

log = logging.getLogger(__name__)


class PaymentsUnavailable(Exception):
    """The payments did not answer, however often they were asked."""


class Checkout:
    """Places orders."""

    def __init__(self, backstage: Backstage) -> None:
        meter = backstage.telemetry.meter
        self._tracer = backstage.telemetry.tracer
        self._stage = backstage.stage
        self._inventory = backstage.client("inventory", timeout_s=8)
        self._payments = backstage.client("payments", timeout_s=2)
        self._placed = meter.create_counter("orders_placed", unit="{order}", description="Orders that were paid.")
        self._failed = meter.create_counter("orders_failed", unit="{order}", description="Orders that were not.")
        self._revenue = meter.create_counter("revenue", unit="EUR", description="What was charged.")
        self._value = meter.create_histogram(
            "order_value",
            unit="EUR",
            description="What an order is worth.",
            explicit_bucket_boundaries_advisory=[10, 25, 50, 100, 250, 500, 1_000, 2_500],
        )
        self._attempts = meter.create_counter(
            "payment_attempts", unit="{attempt}", description="How often the payments were asked, by outcome."
        )
        self._in_flight = meter.create_up_down_counter("orders_in_flight", unit="{order}")
        self.app = service_app(backstage)
        self.app.add_api_route("/orders", self.place, methods=["POST"], status_code=201)

    async def place(self, order: Order) -> dict[str, object]:
        """Place an order: all of it, or nothing."""
        self._in_flight.add(1)
        outcome = "error"
        try:
            receipt = await self._place(order)
            outcome = "placed"
            return receipt
        except HTTPException as refusal:
            outcome = str(refusal.status_code)
            raise
        finally:
            self._in_flight.add(-1)
            if outcome != "placed":
                self._failed.add(1, {"tenant_id": carried()[TENANT_ID], "reason": outcome})

    async def _place(self, order: Order) -> dict[str, object]:
        order_id = carried().get(ORDER_ID, "ord-unknown")
        unknown = [item.sku for item in order.items if item.sku not in PRODUCTS]
        if unknown:
            raise HTTPException(422, f"cannot order {', '.join(unknown)}: no such product")
        cents = self._price(order, BROKEN_PRICE_LIST if self._stage.shows(Scenario.ERROR_BURST) else PRICE_LIST)
        await self._reserve(Reservation(order_id=order_id, items=order.items))
        try:
            payment = await self._charge(Charge(order_id=order_id, cents=cents, card=order.card))
        except PaymentsUnavailable as error:
            log.exception("cannot charge the card, the goods go back")
            await self._inventory.delete(f"/reservations/{order_id}")
            raise HTTPException(503, "the payments do not answer") from error
        if payment is None:
            await self._inventory.delete(f"/reservations/{order_id}")
            raise HTTPException(402, "the card was declined")
        names = {"tenant_id": carried()[TENANT_ID], "coupon": order.coupon or "none"}
        self._placed.add(1, names)
        self._revenue.add(cents / 100, names)
        self._value.record(cents / 100, names)
        log.info("an order was placed", extra={"order_cents": cents, "payment_id": payment})
        return {"order_id": order_id, "cents": cents, "payment_id": payment}

    def _price(self, order: Order, price_list: Mapping[str, Any]) -> int:
        with self._tracer.start_as_current_span("price order", attributes={"order.items": len(order.items)}) as span:
            cents = total_cents(order, price_list)
            span.set_attribute("order.cents", cents)
            return cents

    async def _reserve(self, reservation: Reservation) -> None:
        try:
            answer = await self._inventory.post("/reservations", json=reservation.model_dump())
        except httpx.TransportError as error:
            log.exception("cannot reach the inventory")
            raise HTTPException(503, "the inventory does not answer") from error
        if answer.status_code == 409:
            raise HTTPException(409, "sold out")
        answer.raise_for_status()

    async def _charge(self, charge: Charge) -> str | None:
        """Return the id of the payment, None if the card was declined."""
        with self._tracer.start_as_current_span("charge card", attributes={"order.cents": charge.cents}):
            answer = await self._ask_payments(charge)
            if answer.status_code == 402:
                return None
            answer.raise_for_status()
            return str(answer.json()["payment_id"])

    async def _ask_payments(self, charge: Charge) -> httpx.Response:
        """Return what the payments answer, asking again while they do not; raise `PaymentsUnavailable` in the end."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                answer = await self._payments.post("/charges", json=charge.model_dump())
            except httpx.TransportError as error:
                self._attempts.add(1, {"outcome": "unreachable"})
                log.warning(
                    "the payments do not answer (attempt %d of %d): %s",
                    attempt,
                    ATTEMPTS,
                    error,
                    extra={"attempt": attempt},
                )
                await asyncio.sleep(FIRST_PAUSE_S * 2 ** (attempt - 1))
            else:
                self._attempts.add(1, {"outcome": "answered"})
                return answer
        raise PaymentsUnavailable(f"no answer in {ATTEMPTS} attempts")

    def act(self, elapsed_s: float) -> None:
        """Do nothing: what goes wrong here goes wrong with an order."""

    async def close(self) -> None:
        """Close the clients."""
        await self._inventory.aclose()
        await self._payments.aclose()
