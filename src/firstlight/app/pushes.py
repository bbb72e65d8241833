"""What metrics are pushed to beside OTLP: remote write, a Pushgateway, InfluxDB's lines, exposition text, StatsD."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from starlette.routing import BaseRoute

from firstlight.ingest import import_text, influx, remote_write
from firstlight.ingest.http import HttpDoor
from firstlight.ingest.import_text import ImportText
from firstlight.ingest.influx import Influx
from firstlight.ingest.pushgateway import receiver as pushgateway
from firstlight.ingest.pushgateway.keeper import Keeper
from firstlight.ingest.pushgateway.receiver import Pushgateway
from firstlight.ingest.remote_write import RemoteWrite
from firstlight.wire.prometheus.book import Book
from firstlight.wire.remote.decoder import RemoteWriteDecoder

GROUPS = "pushed-groups.json"
"""The file in the data directory with what was pushed to be kept."""


def keeper_in(data: Path, book: Book, now_ns: Callable[[], int]) -> Keeper:
    """Return what keeps pushed groups in the directory `data`, made if need be. Raise DecodeError."""
    data.mkdir(parents=True, exist_ok=True)
    return Keeper(book, data / GROUPS, now_ns)


def push_routes(door: HttpDoor, book: Book, keeper: Keeper) -> Sequence[BaseRoute]:
    """Return the routes that metrics are pushed to."""
    lines = Influx(book)
    return [
        door.route(
            remote_write.PATH,
            RemoteWrite(RemoteWriteDecoder(book)),
            default_encoding=remote_write.DEFAULT_ENCODING,
        ),
        door.route(pushgateway.PATH, Pushgateway(keeper), methods=pushgateway.METHODS),
        door.route(import_text.PATH, ImportText(book)),
        door.route(influx.PATH_1, lines),
        door.route(influx.PATH_2, lines),
    ]
