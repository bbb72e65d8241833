"""What the memory of the host holds, from ``/proc/meminfo`` and ``/proc/vmstat``."""

from __future__ import annotations

import re
from typing import Final

from firstlight.ingest.collect.host_files import Host, gauge, untyped
from firstlight.wire.exposition import Family

_PAGED: Final = re.compile(r"oom_kill|pgpg.*|pswp.*|pg.*fault")
_IN_BRACKETS: Final = re.compile(r"\((\w+)\)")


def meminfo(host: Host) -> list[Family]:
    """Return every line of ``/proc/meminfo``, in bytes where it has a unit."""
    families = []
    for line in host.text("proc/meminfo").splitlines():
        told, _, rest = line.partition(":")
        words, name = rest.split(), _IN_BRACKETS.sub(r"_\1", told)
        if not words:
            continue
        if words[1:] == ["kB"]:
            families.append(gauge(f"node_memory_{name}_bytes", f"{told} of /proc/meminfo.", float(words[0]) * 1024))
        else:
            families.append(gauge(f"node_memory_{name}", f"{told} of /proc/meminfo.", float(words[0])))
    return families


def vmstat(host: Host) -> list[Family]:
    """Return what is paged in and out."""
    return [
        untyped(f"node_vmstat_{words[0]}", f"{words[0]} of /proc/vmstat.", float(words[1]))
        for words in host.lines("proc/vmstat")
        if _PAGED.fullmatch(words[0])
    ]
