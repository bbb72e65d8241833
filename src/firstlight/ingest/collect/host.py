"""The host as Prometheus' node exporter tells it: the same names, labels and types, so that its dashboards work."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from types import MappingProxyType
from typing import Final

from firstlight.ingest.collect import disks, memory, network, processor, system
from firstlight.ingest.collect.host_files import Host, gauge, labelled
from firstlight.wire.exposition import Family, Labels

COLLECTORS: Final = MappingProxyType[str, Callable[[Host], list[Family]]](
    {
        "arp": network.arp,
        "conntrack": network.conntrack,
        "cpu": processor.cpu,
        "cpufreq": processor.cpufreq,
        "diskstats": disks.diskstats,
        "entropy": system.entropy,
        "filefd": system.filefd,
        "filesystem": disks.filesystem,
        "loadavg": processor.loadavg,
        "meminfo": memory.meminfo,
        "netclass": network.netclass,
        "netdev": network.netdev,
        "netstat": network.netstat,
        "os": system.os_release,
        "pressure": processor.pressure,
        "schedstat": processor.schedstat,
        "sockstat": network.sockstat,
        "softnet": processor.softnet,
        "stat": processor.stat,
        "thermal_zone": system.thermal_zone,
        "time": system.clock,
        "uname": system.uname,
        "vmstat": memory.vmstat,
    }
)
"""What looks at one part of the host, by the name that the node exporter has for it."""

FAILURES: Final = (OSError, ValueError, IndexError)
"""What a part fails with that is not there, or is not as it is on other hosts."""


class HostCollector:
    """Looks at the host, a part after the other. What one part cannot tell, is told as that."""

    def __init__(self, host: Host | None = None, elapsed: Callable[[], float] = time.perf_counter) -> None:
        self._host = host or Host()
        self._elapsed = elapsed
        self._looking = Lock()

    def collect(self) -> list[Family]:
        """Return all families. Raise OSError if the last look at the host has not ended yet."""
        # A file system that does not answer, say of a server that is gone, must not cost a thread at each scrape.
        if not self._looking.acquire(blocking=False):
            raise BlockingIOError("cannot look at the host: the last look has not ended; a file system may hang")
        try:
            return self._collect()
        finally:
            self._looking.release()

    def _collect(self) -> list[Family]:
        families: dict[str, Family] = {}
        seconds: dict[Labels, float] = {}
        successes: dict[Labels, float] = {}
        for name, look in COLLECTORS.items():
            started = self._elapsed()
            try:
                found = look(self._host)
            except FAILURES:
                found = []
                successes[labelled(collector=name)] = 0.0
            else:
                successes[labelled(collector=name)] = 1.0
            seconds[labelled(collector=name)] = self._elapsed() - started
            families |= {family.name: family for family in found}
        return [
            *families.values(),
            gauge("node_scrape_collector_duration_seconds", "Seconds that a part of the host took.", seconds),
            gauge("node_scrape_collector_success", "Whether a part of the host could be looked at.", successes),
        ]
