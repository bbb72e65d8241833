"""The disks and file systems of the host, from ``/proc/diskstats`` and the list of mounts."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Final

from firstlight.ingest.collect.host_files import Host, Values, counter, filled, gauge, labelled
from firstlight.wire.exposition import Family, Labels

_PARTS: Final = re.compile(r"(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+")
"""Devices that are parts of others, or are none."""

SECTOR: Final = 512
_COUNTED: Final = (
    # the name after node_disk_, what it is, the column, what it is divided by
    ("reads_completed_total", "Reads that were completed.", 3, 1.0),
    ("reads_merged_total", "Reads that were made together with others.", 4, 1.0),
    ("read_bytes_total", "Bytes that were read.", 5, 1 / SECTOR),
    ("read_time_seconds_total", "Seconds that reads took.", 6, 1000.0),
    ("writes_completed_total", "Writes that were completed.", 7, 1.0),
    ("writes_merged_total", "Writes that were made together with others.", 8, 1.0),
    ("written_bytes_total", "Bytes that were written.", 9, 1 / SECTOR),
    ("write_time_seconds_total", "Seconds that writes took.", 10, 1000.0),
    ("io_now", "Reads and writes under way.", 11, 1.0),
    ("io_time_seconds_total", "Seconds in which something was under way.", 12, 1000.0),
    ("io_time_weighted_seconds_total", "Seconds as above, times what was under way.", 13, 1000.0),
    ("discards_completed_total", "Discards that were completed.", 14, 1.0),
    ("discards_merged_total", "Discards that were made together with others.", 15, 1.0),
    ("discarded_sectors_total", "Sectors that were discarded.", 16, 1.0),
    ("discard_time_seconds_total", "Seconds that discards took.", 17, 1000.0),
    ("flush_requests_total", "Flushes that were completed.", 18, 1.0),
    ("flush_requests_time_seconds_total", "Seconds that flushes took.", 19, 1000.0),
)
_UDEV: Final = {
    "path": "ID_PATH",
    "model": "ID_MODEL",
    "serial": "ID_SERIAL_SHORT",
    "wwn": "ID_WWN",
    "revision": "ID_REVISION",
}

_SYSTEM_MOUNTS: Final = re.compile(
    r"/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)(/.*)?"
)
_SYSTEM_TYPES: Final = frozenset(
    "autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts devtmpfs erofs fusectl hugetlbfs iso9660 mqueue nsfs"
    " overlay proc procfs pstore rpc_pipefs securityfs selinuxfs squashfs sysfs tracefs".split()
)
"""What is mounted and keeps nothing."""


def diskstats(host: Host) -> list[Family]:
    """Return what each disk did."""
    disks = [words for words in host.lines("proc/diskstats") if not _PARTS.fullmatch(words[2])]
    families = []
    for name, help, column, unit in _COUNTED:
        values: Values = {
            labelled(device=words[2]): int(words[column]) / unit for words in disks if column < len(words)
        }
        kind = counter if name.endswith("_total") else gauge
        families.append(kind(f"node_disk_{name}", help, values))
    about: Values = {_about(host, words): 1.0 for words in disks}
    return filled([*families, gauge("node_disk_info", "Always 1; the labels say what disk it is.", about)])


def _about(host: Host, words: list[str]) -> Labels:
    major, minor, device = words[:3]
    lines = host.told(f"run/udev/data/b{major}:{minor}").splitlines()
    told = dict(line.removeprefix("E:").partition("=")[::2] for line in lines if line.startswith("E:"))
    return labelled(device=device, major=major, minor=minor, **{name: told.get(key, "") for name, key in _UDEV.items()})


def filesystem(host: Host) -> list[Family]:
    """Return how full each file system is. It waits for file systems that do not answer."""
    columns: dict[str, dict[Labels, float]] = {name: {} for name, _ in _FILE_SYSTEMS}
    for labels, point, options in _mounts(host):
        try:
            status = os.statvfs(host.root / point.lstrip("/"))
        except OSError:
            columns["device_error"][labels] = 1.0
            continue
        size = status.f_frsize
        found = (
            size * status.f_bavail,
            0,
            status.f_files,
            status.f_ffree,
            size * status.f_bfree,
            "ro" in options,
            size * status.f_blocks,
        )
        for (name, _), value in zip(_FILE_SYSTEMS, found, strict=True):
            columns[name][labels] = float(value)
    return filled(gauge(f"node_filesystem_{name}", help, columns[name]) for name, help in _FILE_SYSTEMS)


_FILE_SYSTEMS: Final = (
    ("avail_bytes", "Bytes that are free for users."),
    ("device_error", "Whether it could not be asked."),
    ("files", "Files that it can hold."),
    ("files_free", "Files that it can still take."),
    ("free_bytes", "Bytes that are free."),
    ("readonly", "Whether it cannot be written to."),
    ("size_bytes", "Bytes that it can hold."),
)


def _mounts(host: Host) -> Iterator[tuple[Labels, str, list[str]]]:
    # Those of the first process are the host's; ours, if we may not see them.
    text = host.told("proc/1/mounts") or host.text("proc/mounts")
    seen = set()
    for line in text.splitlines():
        device, point, kind, options = (_unescaped(word) for word in line.split(" ")[:4])
        labels = labelled(device=device, fstype=kind, mountpoint=point)
        if kind not in _SYSTEM_TYPES and not _SYSTEM_MOUNTS.fullmatch(point) and labels not in seen:
            seen.add(labels)
            yield labels, point, options.split(",")


def _unescaped(word: str) -> str:
    return re.sub(r"\\(\d{3})", lambda found: chr(int(found[1], 8)), word)
