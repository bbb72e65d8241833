"""Pushes in groups, ``PUT``, ``POST`` and ``DELETE /metrics/job/<job>{/<label>/<value>}``, as to a Pushgateway.

Law: <https://github.com/prometheus/pushgateway#api>. A push is answered when its samples and its group are durable. Its
series are given the time of the push, and go on having samples (`keeper`) until they are pushed anew or deleted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from firstlight.errors import DecodeError
from firstlight.ingest.plain_text import refused, told
from firstlight.ingest.pushgateway.keeper import Keeper
from firstlight.ingest.receiver import Context, Reply
from firstlight.ingest.refusal import Cause, Refusal
from firstlight.model.batch import Batch
from firstlight.wire.pushes.grouping import PREFIX, read_grouping
from firstlight.wire.pushes.groups import Change
from firstlight.wire.pushes.pushed import read_push

PATH: Final = f"{PREFIX}{{grouping:path}}"
METHODS: Final = ("PUT", "POST", "DELETE")

_NANOSECONDS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class _Pushed(Batch):
    """A push with what it makes of its group, once its samples are durable."""

    change: Change | None = None


class Pushgateway:
    """The receiver of pushes."""

    name = "pushgateway"
    signal = "metrics"

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def decode(self, body: bytes, context: Context) -> Batch:
        """Return the samples of a push, as of now."""
        grouping, now = read_grouping(context.path), context.now_ns // _NANOSECONDS
        groups, tenant = self._keeper.groups, context.tenant
        if context.method == "DELETE":
            change = groups.delete(tenant, grouping, now)
        else:
            families = read_push(body, context.content_type, context.parameters, tenant=tenant, grouping=grouping)
            change = groups.push(tenant, grouping, families, now, replaces=context.method == "PUT")
        batch = self._keeper.batch_of(change, now)
        return _Pushed(batch.tables, batch.items, batch.rejected, change)

    def reply(self, batch: Batch, context: Context) -> Reply:
        """Keep the group, and answer that it is kept."""
        assert isinstance(batch, _Pushed), "what `decode` returned"
        if batch.rejected.total:
            return told(400, f"cannot take all of the push: {batch.rejected.message}")
        if batch.change:
            self._keeper.apply(batch.change)
        return Reply(202 if context.method == "DELETE" else 200)

    def refuse(self, refusal: Refusal, context: Context) -> Reply:
        """Answer an error, and take note of a push that failed for what is in it."""
        if refusal.cause is Cause.MALFORMED and context.method != "DELETE":
            self._note(context)
        return refused(refusal)

    def _note(self, context: Context) -> None:
        try:
            grouping = read_grouping(context.path)
        except DecodeError:
            return
        self._keeper.groups.fail(context.tenant, grouping, context.now_ns // _NANOSECONDS)
