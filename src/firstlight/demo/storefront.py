"""The storefront: where visitors come in. Its cache of carts is what grows."""

from __future__ import annotations

import logging
import mmap
import uuid
from collections.abc import Iterable

import httpx
from fastapi import HTTPException
from opentelemetry.context import attach
from opentelemetry.metrics import CallbackOptions, Observation

from firstlight.demo.catalogue import PRODUCTS, Order
from firstlight.demo.correlation import ORDER_ID, carrying
from firstlight.demo.service_app import Backstage, service_app
from firstlight.demo.timetable import Scenario

CACHE_LIMIT_MIB = 96
MIB = 1024 * 1024

log = logging.getLogger(__name__)


class Storefront:
    """Shows products and takes orders."""

    def __init__(self, backstage: Backstage) -> None:
        self._tracer = backstage.telemetry.tracer
        self._stage = backstage.stage
        self._inventory = backstage.client("inventory", timeout_s=5)
        self._checkout = backstage.client("checkout", timeout_s=10)
        self._cache = CartCache(CACHE_LIMIT_MIB)
        backstage.telemetry.meter.create_observable_gauge(
            "cart_cache_size", [self._cache.observe], unit="By", description="What the cache of carts holds."
        )
        self.app = service_app(backstage)
        self.app.add_api_route("/products", self.products)
        self.app.add_api_route("/orders", self.place, methods=["POST"], status_code=201)

    async def products(self) -> dict[str, object]:
        """Answer with all products and how many of each there are."""
        try:
            answer = await self._inventory.get("/stock")
            answer.raise_for_status()
        except httpx.HTTPError as error:
            log.exception("cannot show the products")
            raise HTTPException(502, "the inventory does not answer") from error
        stock = answer.json()
        return {sku: {"name": one.name, "cents": one.cents, "stock": stock.get(sku)} for sku, one in PRODUCTS.items()}

    async def place(self, order: Order) -> dict[str, object]:
        """Have an order placed, and answer with its receipt."""
        # Never detached: it ends with the request, and the request's last log line is to have the order id too.
        attach(carrying({ORDER_ID: f"ord-{uuid.uuid4().hex[:12]}"}))
        log.info("an order of %d items goes to the checkout", len(order.items))
        try:
            answer = await self._checkout.post("/orders", json=order.model_dump())
        except httpx.TransportError as error:
            log.exception("cannot reach the checkout")
            raise HTTPException(502, "the checkout does not answer") from error
        if answer.status_code >= 500:
            raise HTTPException(502, "the checkout failed")
        if answer.status_code >= 400:
            raise HTTPException(answer.status_code, answer.json()["detail"])
        receipt: dict[str, object] = answer.json()
        return receipt

    def act(self, elapsed_s: float) -> None:
        """Let the cache grow while the stage says so, and empty it afterwards."""
        episode = self._stage.current
        share = episode.progress(elapsed_s) if episode and episode.scenario is Scenario.MEMORY_GROWTH else 0.0
        before = self._cache.mib
        self._cache.resize(round(share * CACHE_LIMIT_MIB))
        quarter = CACHE_LIMIT_MIB // 4
        if self._cache.mib // quarter > before // quarter:
            with self._tracer.start_as_current_span("cart cache grows"):
                log.warning("the cache of carts holds %d MiB and evicts nothing", self._cache.mib)

    async def close(self) -> None:
        """Close the clients and empty the cache."""
        await self._inventory.aclose()
        await self._checkout.aclose()
        self._cache.resize(0)


class CartCache:
    """Memory that is really used, never more than its limit."""

    def __init__(self, limit_mib: int) -> None:
        self._limit_mib = limit_mib
        self._blocks: list[mmap.mmap] = []

    @property
    def mib(self) -> int:
        """How much it holds."""
        return len(self._blocks)

    def resize(self, mib: int) -> None:
        """Hold `mib`, or the limit if that is less."""
        while len(self._blocks) < min(mib, self._limit_mib):
            # Mapped by itself, and so given back at once; of the heap, the allocator would keep some.
            block = mmap.mmap(-1, MIB)
            block.write(b"\x01" * MIB)  # a page that nobody wrote is not in memory
            self._blocks.append(block)
        while len(self._blocks) > mib:
            self._blocks.pop().close()

    def observe(self, _: CallbackOptions) -> Iterable[Observation]:
        """Return the bytes held, for a gauge."""
        yield Observation(self.mib * MIB)
