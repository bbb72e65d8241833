"""What the host is, and what its kernel has to give."""

from __future__ import annotations

import os
import time
from typing import Final

from firstlight.ingest.collect.host_files import Host, Values, filled, gauge, labelled
from firstlight.wire.exposition import Family

_OS: Final = (
    "build_id id id_like image_id image_version name pretty_name variant variant_id version version_codename version_id"
)


def uname(host: Host) -> list[Family]:
    """Return what the kernel calls itself."""
    told = os.uname()
    values: Values = {
        labelled(
            sysname=told.sysname,
            release=told.release,
            version=told.version,
            machine=told.machine,
            nodename=told.nodename,
            domainname=host.told("proc/sys/kernel/domainname"),
        ): 1.0
    }
    return [gauge("node_uname_info", "Always 1; the labels say what the kernel calls itself.", values)]


def os_release(host: Host) -> list[Family]:
    """Return which distribution it is."""
    text = host.told("etc/os-release") or host.text("usr/lib/os-release")
    told = {
        name.lower(): value.strip("\"'") for name, found, value in (line.partition("=") for line in text.splitlines())
    }
    about: Values = {labelled(**{name: told.get(name, "") for name in _OS.split()}): 1.0}
    families = [gauge("node_os_info", "Always 1; the labels say which distribution it is.", about)]
    numbers = told.get("version_id", "").split(".")
    if all(number.isdigit() for number in numbers):
        version = float(".".join(numbers[:2]))
        names = labelled(**{name: told.get(name, "") for name in ("id", "id_like", "name")})
        families.append(gauge("node_os_version", "The version of the distribution.", {names: version}))
    return families


def clock(host: Host) -> list[Family]:
    """Return what time it is."""
    offset = time.localtime().tm_gmtoff
    zone: Values = {labelled(time_zone=time.localtime().tm_zone): float(offset)}
    return [
        gauge("node_time_seconds", "Seconds since 1970.", time.time()),
        gauge("node_time_zone_offset_seconds", "Seconds that the time zone is ahead of UTC.", zone),
    ]


def filefd(host: Host) -> list[Family]:
    """Return how many files are open."""
    allocated, _, maximum = host.text("proc/sys/fs/file-nr").split()
    return [
        gauge("node_filefd_allocated", "Files that are open.", float(allocated)),
        gauge("node_filefd_maximum", "Files that may be open.", float(maximum)),
    ]


def entropy(host: Host) -> list[Family]:
    """Return how much randomness there is."""
    return [
        gauge(
            "node_entropy_available_bits",
            "Bits of randomness.",
            float(host.text("proc/sys/kernel/random/entropy_avail")),
        ),
        gauge(
            "node_entropy_pool_size_bits",
            "Bits of randomness at most.",
            float(host.text("proc/sys/kernel/random/poolsize")),
        ),
    ]


def thermal_zone(host: Host) -> list[Family]:
    """Return how warm it is."""
    zones = [name for name in host.names("sys/class/thermal") if name.startswith("thermal_zone")]
    found = {one: host.number(f"sys/class/thermal/{one}/temp") for one in zones}
    values: Values = {
        labelled(zone=one.removeprefix("thermal_zone"), type=host.told(f"sys/class/thermal/{one}/type")): value / 1000
        for one, value in found.items()
        if value is not None
    }
    return filled([gauge("node_thermal_zone_temp", "Degrees Celsius.", values)])
