"""The inventory: keeps goods for orders, in SQLite. Its recount locks the table that orders need."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Iterable

from fastapi import HTTPException
from opentelemetry.metrics import CallbackOptions, Observation

from firstlight.demo.catalogue import Reservation
from firstlight.demo.service_app import Backstage, service_app
from firstlight.demo.stock import SoldOut, Stock
from firstlight.demo.timetable import Scenario

RECOUNT_S = 0.8
PAUSE_S = 0.2
"""Between two recounts, so that who waits for the lock gets it: SQLite asks again ten times a second."""

log = logging.getLogger(__name__)


class Inventory:
    """Reserves goods, and gives them back."""

    def __init__(self, backstage: Backstage) -> None:
        self._tracer = backstage.telemetry.tracer
        self._stage = backstage.stage
        self._stock = Stock(backstage.work_dir / "inventory.db", backstage.telemetry.traces)
        self._levels = self._stock.levels()
        self._recount: asyncio.Task[None] | None = None
        meter = backstage.telemetry.meter
        meter.create_observable_gauge(
            "stock_level", [self._observe], unit="{item}", description="Things on the shelf, as last seen."
        )
        self._reserved = meter.create_counter("items_reserved", unit="{item}", description="Things kept for orders.")
        # Plain functions: FastAPI runs them on threads, where waiting for a lock holds up nobody else.
        self.app = service_app(backstage)
        self.app.add_api_route("/stock", self.stock)
        self.app.add_api_route("/reservations", self.reserve, methods=["POST"], status_code=201)
        self.app.add_api_route("/reservations/{order_id}", self.release, methods=["DELETE"])

    def stock(self) -> dict[str, int]:
        """Answer with how many of each product there are."""
        self._levels = self._stock.levels()
        return self._levels

    def reserve(self, reservation: Reservation) -> dict[str, str]:
        """Keep goods for an order."""
        try:
            filled = self._stock.reserve(reservation.order_id, reservation.items)
        except SoldOut as error:
            log.warning("sold out: %s", error)
            raise HTTPException(409, f"sold out: {error}") from error
        except sqlite3.OperationalError as error:
            log.exception("cannot reserve: the stock table stayed locked")
            raise HTTPException(503, "the stock is locked") from error
        for item in reservation.items:
            self._reserved.add(item.quantity, {"sku": item.sku})
        log.info("reserved %d products", len(reservation.items))
        for sku in filled:
            log.info("the shelf was filled with %s", sku, extra={"sku": sku})
        return {"order_id": reservation.order_id}

    def release(self, order_id: str) -> dict[str, int]:
        """Give back what was kept for an order."""
        released = self._stock.release(order_id)
        log.info("released %d things", released)
        return {"released": released}

    def act(self, elapsed_s: float) -> None:
        """Recount again and again while the stage says so."""
        if self._stage.shows(Scenario.SLOW_QUERY) and (self._recount is None or self._recount.done()):
            self._recount = asyncio.create_task(self._recount_once())

    async def _recount_once(self) -> None:
        with self._tracer.start_as_current_span("recount stock"):
            log.warning("the stock table is locked for a recount")
            await asyncio.to_thread(self._stock.recount, RECOUNT_S)
        await asyncio.sleep(PAUSE_S)

    async def close(self) -> None:
        """Wait for a recount under way."""
        if self._recount is not None:
            await asyncio.wait({self._recount})

    def _observe(self, _: CallbackOptions) -> Iterable[Observation]:
        for sku, quantity in self._levels.items():
            yield Observation(quantity, {"sku": sku})
