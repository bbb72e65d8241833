"""Who the logs of a container are from, as its engine tells."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any, Final

from firstlight.ingest.scrape.discovery.ask import mapping, text
from firstlight.ingest.tail.images import image_of
from firstlight.wire.logs.book import LogBook
from firstlight.wire.origins import Origin

SERVICES: Final = (
    "com.docker.compose.service",
    "com.docker.swarm.service.name",
    "service.name",
    "service",
    "app.kubernetes.io/name",
    "org.opencontainers.image.title",
)
"""The labels that name a service, the first that there is."""

SPACES: Final = ("com.docker.compose.project", "com.docker.stack.namespace")
VERSIONS: Final = ("org.opencontainers.image.version", "app.kubernetes.io/version")

MAX_TOLD: Final = 64
"""How many labels of a container are kept."""

MAX_VALUE: Final = 1024
"""How long a value of theirs may be; longer ones are documents, and are left out."""

HOST: Final = socket.gethostname()


def name_of(container: Mapping[str, Any]) -> str:
    """Return what a container is called."""
    return text(container.get("Name")).lstrip("/")


def container_origin(book: LogBook, container: Mapping[str, Any], wanted: Mapping[str, str]) -> Origin:
    """Return who a container is, as the engine inspects it.

    `wanted` labels of it are those of the stream, by these names; an empty value is none.
    """
    config = mapping(container.get("Config"))
    labels = {name: text(value) for name, value in mapping(config.get("Labels")).items() if text(value)}
    name = name_of(container)
    service = _first(labels, SERVICES) or name
    told = sorted((label, value) for label, value in labels.items() if len(value) <= MAX_VALUE)[:MAX_TOLD]
    resource = {
        "service.name": service,
        "service.namespace": _first(labels, SPACES),
        "service.version": _first(labels, VERSIONS),
        "container.id": text(container.get("Id")),
        "container.name": name,
        "container.runtime": "docker",
        "host.name": HOST,
        **image_of(text(config.get("Image"))),
        **{f"container.label.{label}": value for label, value in told},
    }
    streams = {"service_name": service, "container": name}
    for label, stream in wanted.items():
        if labels.get(label):
            streams[stream] = labels[label]
    return book.origin({key: value for key, value in resource.items() if value}, labels=streams)


def _first(labels: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((labels[name] for name in names if labels.get(name)), "")
