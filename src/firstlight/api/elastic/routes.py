"""Every route of Elasticsearch's API, from what it needs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from starlette.routing import Route

from firstlight.api.elastic.aliases import Aliases
from firstlight.api.elastic.cat import Cat
from firstlight.api.elastic.data_streams import DataStreams
from firstlight.api.elastic.fields import FieldsApi
from firstlight.api.elastic.handshake import Handshake
from firstlight.api.elastic.indices import Indices, Store
from firstlight.api.elastic.kept import Kept
from firstlight.api.elastic.lookup import Lookup
from firstlight.api.elastic.others import Others
from firstlight.api.elastic.scopes import Scopes
from firstlight.api.elastic.search import Searches
from firstlight.api.elastic.setup import Setup
from firstlight.api.elastic.sizes import Sizes
from firstlight.query.elastic.door import ElasticDoor
from firstlight.query.engine import Engine, Sessions


def elastic_routes(
    kept: Kept,
    sessions: Sessions,
    engine: Engine,
    store: Store,
    tenant: str,
    *,
    now_ms: Callable[[], int],
    clock: Callable[[], float] = time.monotonic,
) -> Sequence[Route]:
    """Return the routes. They are to stand behind all others: the last of them take any name for that of an index."""
    door = ElasticDoor(sessions, engine)
    scopes = Scopes(kept, Others(door, tenant, clock), tenant, now_ms)
    sizes = Sizes(scopes, door)
    return [
        *Handshake(kept).routes(),
        *Setup(kept).routes(),
        *Cat(kept, scopes, sizes).routes(),
        *Searches(door, scopes, clock).routes(),
        *FieldsApi(kept, scopes, door).routes(),
        *Aliases(kept).routes(),
        *DataStreams(kept).routes(),
        *sizes.routes(),
        *Lookup(scopes, door).routes(),
        *Indices(kept, scopes, store).routes(),
    ]
