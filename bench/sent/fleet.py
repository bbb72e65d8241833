"""The processes that the telemetry comes from: a shop of a dozen services, some instances each.

A request is what a collector passes on: the batches of a few processes together, under the resource of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from bench.sent.attributes import key_values

SERVICES: Final = tuple(
    "storefront checkout payments inventory catalogue shipping recommendations accounts email search cart fraud".split()
)
INSTANCES: Final = 4
PROCESSES_PER_REQUEST: Final = 4
SDK_VERSION: Final = "1.45.1"


@dataclass(frozen=True, slots=True)
class Process:
    """One instance of a service."""

    service: str
    instance: int

    @property
    def host(self) -> str:
        """The machine it runs on."""
        return f"ip-10-0-{SERVICES.index(self.service)}-{20 + self.instance}"

    def resource(self) -> Resource:
        """Return what it says about itself: nine attributes."""
        return Resource(
            attributes=key_values(
                {
                    "service.name": self.service,
                    "service.version": "2026.11.3",
                    "service.instance.id": f"{self.service}-7d9f8b6c54-{self.instance:05x}",
                    "deployment.environment.name": "production",
                    "host.name": self.host,
                    "process.pid": 4000 + self.instance,
                    "telemetry.sdk.language": "python",
                    "telemetry.sdk.name": "opentelemetry",
                    "telemetry.sdk.version": SDK_VERSION,
                }
            )
        )


FLEET: Final = tuple(Process(service, instance) for instance in range(INSTANCES) for service in SERVICES)


def senders(random: Random) -> Sequence[Process]:
    """Return the processes that one request speaks for."""
    return random.sample(FLEET, PROCESSES_PER_REQUEST)


def scope(library: str) -> InstrumentationScope:
    """Return the instrumentation of `library`, as who made a span or a metric."""
    return InstrumentationScope(name=f"opentelemetry.instrumentation.{library}", version="0.66b1")
