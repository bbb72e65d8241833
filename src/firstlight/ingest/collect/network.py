"""The network of the host: its devices, protocols and sockets."""

from __future__ import annotations

import os
import re
from collections import Counter as Tally
from typing import Final

from firstlight.ingest.collect.host_files import Host, Values, counter, filled, gauge, labelled, untyped
from firstlight.wire.exposition import Family, Labels

_RECEIVED: Final = ("bytes", "packets", "errs", "drop", "fifo", "frame", "compressed", "multicast")
_TRANSMITTED: Final = ("bytes", "packets", "errs", "drop", "fifo", "colls", "carrier", "compressed")

_OF_DEVICES: Final = (
    # the name after node_network_, the file of /sys/class/net/<device>
    ("address_assign_type", "addr_assign_type"),
    ("carrier", "carrier"),
    ("carrier_changes_total", "carrier_changes"),
    ("carrier_down_changes_total", "carrier_down_count"),
    ("carrier_up_changes_total", "carrier_up_count"),
    ("device_id", "dev_id"),
    ("dormant", "dormant"),
    ("flags", "flags"),
    ("iface_id", "ifindex"),
    ("iface_link", "iflink"),
    ("iface_link_mode", "link_mode"),
    ("mtu_bytes", "mtu"),
    ("name_assign_type", "name_assign_type"),
    ("net_dev_group", "netdev_group"),
    ("protocol_type", "type"),
    ("transmit_queue_length", "tx_queue_len"),
    ("receive_nohandler_total", "statistics/rx_nohandler"),
)

_OF_PROTOCOLS: Final = re.compile(
    r".*_InErr(or)?s|Ip_Forwarding|Ip(6|Ext)_(In|Out)Octets|Icmp6?_(In|Out)Msgs"
    r"|TcpExt_(Listen.*|Syncookies.*|TCP(SynRetrans|Timeouts|OFOQueue|RcvQDrop))"
    r"|Tcp_(ActiveOpens|PassiveOpens|CurrEstab|InSegs|OutSegs|OutRsts|RetransSegs)"
    r"|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors)"
)


def netdev(host: Host) -> list[Family]:
    """Return what went through each device."""
    columns: dict[str, dict[Labels, float]] = {}
    for line in host.text("proc/net/dev").splitlines()[2:]:
        device, _, rest = line.strip().partition(":")
        numbers = [float(word) for word in rest.split()]
        for way, names, found in (
            ("receive", _RECEIVED, numbers),
            ("transmit", _TRANSMITTED, numbers[len(_RECEIVED) :]),
        ):
            for name, value in zip(names, found, strict=False):
                columns.setdefault(f"{way}_{name}", {})[labelled(device=device)] = value
    return [
        counter(f"node_network_{name}_total", f"What devices count as {name.replace('_', ' ')}.", values)
        for name, values in columns.items()
    ]


def netclass(host: Host) -> list[Family]:
    """Return how each device is set."""
    # A bond's list of its devices is a file among them.
    devices = [name for name in host.names("sys/class/net") if host.told(f"sys/class/net/{name}/ifindex")]
    families = []
    for name, file in _OF_DEVICES:
        found = {one: host.number(f"sys/class/net/{one}/{file}") for one in devices}
        values: Values = {labelled(device=one): value for one, value in found.items() if value is not None}
        kind = counter if name.endswith("_total") else gauge
        families.append(kind(f"node_network_{name}", f"{file} of /sys/class/net.", values))
    speeds = {one: host.number(f"sys/class/net/{one}/speed") for one in devices}
    bytes_a_second: Values = {
        labelled(device=one): speed * 125_000 for one, speed in speeds.items() if speed is not None and speed >= 0
    }
    states = {one: host.told(f"sys/class/net/{one}/operstate") for one in devices}
    about: Values = {
        labelled(
            device=one,
            operstate=states[one],
            **{
                name: host.told(f"sys/class/net/{one}/{name}") for name in ("address", "broadcast", "duplex", "ifalias")
            },
        ): 1.0
        for one in devices
    }
    up: Values = {labelled(device=one): float(state == "up") for one, state in states.items()}
    return filled(
        [
            *families,
            gauge("node_network_info", "Always 1; the labels say what device it is.", about),
            gauge("node_network_speed_bytes", "Bytes a second that a device can send.", bytes_a_second),
            gauge("node_network_up", "Whether a device is up.", up),
        ]
    )


def netstat(host: Host) -> list[Family]:
    """Return what protocols count."""
    told: dict[str, float] = {}
    for file in ("proc/net/netstat", "proc/net/snmp"):
        lines = host.lines(file)
        for names, values in zip(lines[::2], lines[1::2], strict=False):
            protocol = names[0].rstrip(":")
            told |= {f"{protocol}_{name}": float(value) for name, value in zip(names[1:], values[1:], strict=False)}
    for words in host.told("proc/net/snmp6").splitlines():
        name, value = words.split()
        protocol, six, field = name.partition("6")
        told[f"{protocol}{six}_{field}"] = float(value)
    return [
        untyped(f"node_netstat_{name}", f"{name.replace('_', ' ')} of /proc/net.", value)
        for name, value in told.items()
        if _OF_PROTOCOLS.fullmatch(name)
    ]


def sockstat(host: Host) -> list[Family]:
    """Return how many sockets there are, and what they hold."""
    page = os.sysconf("SC_PAGESIZE")
    families = []
    for words in [
        *host.lines("proc/net/sockstat"),
        *[line.split() for line in host.told("proc/net/sockstat6").splitlines()],
    ]:
        kind = words[0].rstrip(":")
        for name, value in zip(words[1::2], words[2::2], strict=False):
            told = f"{kind} {name} of /proc/net/sockstat."
            families.append(gauge(f"node_sockstat_{kind}_{name}", told, float(value)))
            if name == "mem":
                families.append(gauge(f"node_sockstat_{kind}_mem_bytes", told, float(value) * page))
    return families


def conntrack(host: Host) -> list[Family]:
    """Return how many connections are tracked."""
    rows = (
        ("node_nf_conntrack_entries", "Connections that are tracked.", "count"),
        ("node_nf_conntrack_entries_limit", "Connections that can be tracked.", "max"),
    )
    return [
        gauge(name, help, float(host.text(f"proc/sys/net/netfilter/nf_conntrack_{file}"))) for name, help, file in rows
    ]


def arp(host: Host) -> list[Family]:
    """Return how many neighbours each device knows."""
    devices = Tally(words[-1] for words in host.lines("proc/net/arp")[1:])
    values: Values = {labelled(device=device): float(count) for device, count in devices.items()}
    return filled([gauge("node_arp_entries", "Neighbours that a device knows.", values)])
