"""The payments, somebody else's service as far as the shop knows: slow now and then, and sometimes gone."""

from __future__ import annotations

import asyncio
import logging
import random
import uuid

from fastapi import HTTPException

from firstlight.demo.catalogue import DECLINED_CARD, Charge
from firstlight.demo.service_app import Backstage, service_app

USUAL_DELAY_S = 0.02

log = logging.getLogger(__name__)


class Payments:
    """Charges cards."""

    def __init__(self, backstage: Backstage, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - delays need no secrets
        self._tracer = backstage.telemetry.tracer
        self._charged = backstage.telemetry.meter.create_histogram(
            "charge_duration", unit="s", description="How long the card network took."
        )
        self.app = service_app(backstage)
        self.app.add_api_route("/charges", self.charge, methods=["POST"], status_code=201)

    async def charge(self, charge: Charge) -> dict[str, str]:
        """Charge a card, unless it is declined."""
        delay_s = self._random.expovariate(1 / USUAL_DELAY_S)
        with self._tracer.start_as_current_span("card network"):
            await asyncio.sleep(min(delay_s, 1.0))
        declined = charge.card == DECLINED_CARD
        self._charged.record(delay_s, {"outcome": "declined" if declined else "charged"})
        if declined:
            log.warning("the card was declined", extra={"order_cents": charge.cents})
            raise HTTPException(402, "declined")
        payment_id = f"pay-{uuid.uuid4().hex[:12]}"
        log.info("the card was charged", extra={"order_cents": charge.cents, "payment_id": payment_id})
        return {"payment_id": payment_id}

    def act(self, elapsed_s: float) -> None:
        """Do nothing: playing dead is its process's part, which stops listening."""

    async def close(self) -> None:
        """Hold nothing that wants closing."""
