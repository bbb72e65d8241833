"""The host's metrics: as Prometheus' node exporter tells them, and from files whose meaning is known."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event, Thread

import pytest

from firstlight.ingest.collect import disks, memory, network, processor, system
from firstlight.ingest.collect.host import COLLECTORS, HostCollector
from firstlight.ingest.collect.host_files import Host
from firstlight.ingest.collect.own_jobs import own_jobs
from firstlight.ingest.collect.settings import OwnScrapeSettings
from firstlight.wire.exposition import Family, encode_text

EXPORTER = shutil.which("prometheus-node-exporter") or shutil.which("node_exporter")

Exposed = tuple[dict[str, float], dict[str, str]]
"""Values by series, types by family."""

FILES: tuple[tuple[str, Callable[[Host], list[Family]], Mapping[str, str], set[str]], ...] = (
    # what it shows, what looks, the files, lines that are told
    ("CPU", processor.cpu, {"proc/stat": "cpu  8 8\ncpu0 100 200 300 400 500 600 700 800 25 50\nintr 5 0\n"}, {'node_cpu_seconds_total{cpu="0",mode="user"} 1.0', 'node_cpu_seconds_total{cpu="0",mode="steal"} 8.0', 'node_cpu_guest_seconds_total{cpu="0",mode="nice"} 0.5'}),
    ("counts of the kernel", processor.stat, {"proc/stat": "intr 5 0 1\nctxt 7\nbtime 1700000000\nprocesses 3\nprocs_running 2\nprocs_blocked 1\n"}, {"node_boot_time_seconds 1700000000.0", "node_context_switches_total 7.0", "node_intr_total 5.0", "node_forks_total 3.0", "node_procs_running 2.0", "node_procs_blocked 1.0"}),
    ("load", processor.loadavg, {"proc/loadavg": "0.5 1.25 2 3/456 789\n"}, {"node_load1 0.5", "node_load5 1.25", "node_load15 2.0"}),
    ("pressure", processor.pressure, {f"proc/pressure/{what}": "some avg10=0.00 avg60=0.00 avg300=0.00 total=1500000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=500000\n" for what in ("cpu", "io", "memory")}, {"node_pressure_cpu_waiting_seconds_total 1.5", "node_pressure_io_stalled_seconds_total 0.5", "node_pressure_memory_waiting_seconds_total 1.5"}),
    ("the scheduler", processor.schedstat, {"proc/schedstat": "version 15\ncpu3 0 0 0 0 0 0 2000000000 500000000 7\ndomain0 3\n"}, {'node_schedstat_running_seconds_total{cpu="3"} 2.0', 'node_schedstat_waiting_seconds_total{cpu="3"} 0.5', 'node_schedstat_timeslices_total{cpu="3"} 7.0'}),
    ("frequencies", processor.cpufreq, {"sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "1200\n", "sys/devices/system/cpu/cpufreq/boost": "1"}, {'node_cpu_scaling_frequency_hertz{cpu="0"} 1200000.0'}),
    ("memory", memory.meminfo, {"proc/meminfo": "MemTotal:  2 kB\nActive(anon): 1 kB\nHugePages_Total:   3\n"}, {"node_memory_MemTotal_bytes 2048.0", "node_memory_Active_anon_bytes 1024.0", "node_memory_HugePages_Total 3.0"}),
    ("paging", memory.vmstat, {"proc/vmstat": "pgpgin 4\npgmajfault 5\noom_kill 6\nnr_free_pages 7\n"}, {"node_vmstat_pgpgin 4.0", "node_vmstat_pgmajfault 5.0", "node_vmstat_oom_kill 6.0"}),
    ("disks", disks.diskstats, {"proc/diskstats": " 8 0 sda 1 2 3 4000 5 6 7 8000 9 10000 11000 12 13 14 15000 16 17000\n 8 1 sda1 1 1 1 1 1 1 1 1 1 1 1\n 7 0 loop0 1 1 1 1 1 1 1 1 1 1 1\n", "run/udev/data/b8:0": "S:x\nE:ID_MODEL=Fast\n"}, {'node_disk_reads_completed_total{device="sda"} 1.0', 'node_disk_read_bytes_total{device="sda"} 1536.0', 'node_disk_read_time_seconds_total{device="sda"} 4.0', 'node_disk_io_now{device="sda"} 9.0', 'node_disk_flush_requests_time_seconds_total{device="sda"} 17.0', 'node_disk_info{device="sda",major="8",minor="0",model="Fast",path="",revision="",serial="",wwn=""} 1.0'}),
    ("an old kernel's disks", disks.diskstats, {"proc/diskstats": " 8 0 sda 1 2 3 4000 5 6 7 8000 9 10000 11000\n"}, {'node_disk_io_time_weighted_seconds_total{device="sda"} 11.0'}),
    ("file systems", disks.filesystem, {"proc/1/mounts": "none /proc proc rw 0 0\n/dev/x /my\\040disk ext4 ro,x 0 0\n/dev/x /my\\040disk ext4 ro,x 0 0\n", "my disk/file": ""}, {'node_filesystem_readonly{device="/dev/x",fstype="ext4",mountpoint="/my disk"} 1.0', 'node_filesystem_device_error{device="/dev/x",fstype="ext4",mountpoint="/my disk"} 0.0'}),
    ("a file system that is gone", disks.filesystem, {"proc/mounts": "/dev/x /gone ext4 rw 0 0\n"}, {'node_filesystem_device_error{device="/dev/x",fstype="ext4",mountpoint="/gone"} 1.0'}),
    ("traffic", network.netdev, {"proc/net/dev": "h\nh\n eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"}, {'node_network_receive_bytes_total{device="eth0"} 1.0', 'node_network_receive_multicast_total{device="eth0"} 8.0', 'node_network_transmit_bytes_total{device="eth0"} 9.0', 'node_network_transmit_compressed_total{device="eth0"} 16.0'}),
    ("devices", network.netclass, {"sys/class/net/eth0/ifindex": "2\n", "sys/class/net/eth0/operstate": "up\n", "sys/class/net/eth0/speed": "1000\n", "sys/class/net/eth0/flags": "0x1003\n", "sys/class/net/bonding_masters": "bond0"}, {'node_network_up{device="eth0"} 1.0', 'node_network_speed_bytes{device="eth0"} 125000000.0', 'node_network_flags{device="eth0"} 4099.0', 'node_network_info{address="",broadcast="",device="eth0",duplex="",ifalias="",operstate="up"} 1.0'}),
    ("protocols", network.netstat, {"proc/net/netstat": "TcpExt: TCPTimeouts Other\nTcpExt: 3 4\n", "proc/net/snmp": "Tcp: RetransSegs InErrs\nTcp: 5 6\n", "proc/net/snmp6": "Udp6InErrors 7\nIp6InOctets 8\n"}, {"node_netstat_TcpExt_TCPTimeouts 3.0", "node_netstat_Tcp_RetransSegs 5.0", "node_netstat_Tcp_InErrs 6.0", "node_netstat_Udp6_InErrors 7.0", "node_netstat_Ip6_InOctets 8.0"}),
    ("sockets", network.sockstat, {"proc/net/sockstat": "sockets: used 9\nTCP: inuse 1 mem 2\n"}, {"node_sockstat_sockets_used 9.0", "node_sockstat_TCP_inuse 1.0", "node_sockstat_TCP_mem 2.0"}),
    ("connections", network.conntrack, {"proc/sys/net/netfilter/nf_conntrack_count": "1\n", "proc/sys/net/netfilter/nf_conntrack_max": "2\n"}, {"node_nf_conntrack_entries 1.0", "node_nf_conntrack_entries_limit 2.0"}),
    ("neighbours", network.arp, {"proc/net/arp": "IP address HW type Device\n1.2.3.4 0x1 0x2 aa * eth0\n1.2.3.5 0x1 0x2 aa * eth0\n"}, {'node_arp_entries{device="eth0"} 2.0'}),
    ("files", system.filefd, {"proc/sys/fs/file-nr": "1\t0\t2\n"}, {"node_filefd_allocated 1.0", "node_filefd_maximum 2.0"}),
    ("the distribution", system.os_release, {"etc/os-release": 'ID=debian\nNAME="Debian"\nVERSION_ID="12.1"\n'}, {'node_os_version{id="debian",id_like="",name="Debian"} 12.1'}),
    ("warmth", system.thermal_zone, {"sys/class/thermal/thermal_zone0/temp": "45500\n", "sys/class/thermal/thermal_zone0/type": "cpu\n", "sys/class/thermal/cooling_device0/type": "Fan"}, {'node_thermal_zone_temp{type="cpu",zone="0"} 45.5'}),
)  # fmt: skip


@pytest.mark.parametrize(("look", "files", "told"), [row[1:] for row in FILES], ids=[row[0] for row in FILES])
def test_files(tmp_path: Path, look: Callable[[Host], list[Family]], files: Mapping[str, str], told: set[str]) -> None:
    """What Linux tells is told by the names that dashboards know."""
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)

    lines = set(encode_text(look(Host(tmp_path))).decode().splitlines())

    assert told <= lines
    assert not [line for line in lines if "loop0" in line or "sda1" in line]


def test_a_part_that_is_not_there(tmp_path: Path) -> None:
    """On a host that tells nothing, each part says that it could not look, and nothing else fails."""
    families = {family.name: family for family in HostCollector(Host(tmp_path)).collect()}

    successes = {sample.labels[0][1]: sample.value for sample in families["node_scrape_collector_success"].samples}
    assert successes.keys() == COLLECTORS.keys()
    assert successes["meminfo"] == 0
    assert successes["uname"] == 1


def test_a_look_that_hangs(tmp_path: Path) -> None:
    """A look that does not end costs one thread, not one at each scrape."""
    entered, leave = Event(), Event()

    def elapsed() -> float:
        entered.set()
        leave.wait(10)
        return 0.0

    collector = HostCollector(Host(tmp_path), elapsed)
    thread = Thread(target=collector.collect)
    thread.start()
    entered.wait(10)
    try:
        with pytest.raises(OSError, match="a file system may hang"):
            collector.collect()
    finally:
        leave.set()
        thread.join()


@pytest.mark.skipif(not EXPORTER, reason="the node exporter is compared with where it is installed")
def test_as_the_node_exporter() -> None:
    """What the node exporter tells by default, and dashboards ask for, is told with the same types and near values."""
    theirs, their_types = _parsed(_exported())
    ours, our_types = _parsed(encode_text(HostCollector().collect()).decode())
    collected = {name for name in theirs if name.startswith("node_") and not _NOT_OURS.match(name)}

    assert collected - ours.keys() == set()
    known = our_types.keys() & their_types.keys()
    assert {name: our_types[name] for name in known} == {name: their_types[name] for name in known}
    assert len(known) > 180
    far = {one: (ours[one], theirs[one]) for one in collected if not _near(one, ours[one], theirs[one])}
    assert far == {}


OFFERED = (
    # what it shows, settings, the jobs
    ("both by default", OwnScrapeSettings(), ["firstlight", "node"]),
    ("not the host", OwnScrapeSettings(scrape_host=False), ["firstlight"]),
    ("not the server", OwnScrapeSettings(scrape_self=False), ["node"]),
)


@pytest.mark.parametrize(("settings", "names"), [row[1:] for row in OFFERED], ids=[row[0] for row in OFFERED])
def test_own_jobs(settings: OwnScrapeSettings, names: list[str]) -> None:
    """The server and its host are scraped unless that is switched off."""
    found = own_jobs(settings, "here:1610", list)

    assert [one.job.name for one in found] == names
    assert all(one.job.interval == 15 for one in found)


# Not told here, or told otherwise by newer versions of the node exporter, as we do: what it says about itself, NTP,
# statistics of conntrack, queues of UDP, disks that are parts of memory, the speed of devices that have none.
_NOT_OURS = re.compile(
    r"node_(exporter|textfile|timex|time_clocksource|selinux|udp_queues|nf_conntrack_stat|scrape_collector"
    r"|infiniband|btrfs|xfs|zfs|nvme|bonding|edac|dmi|hwmon|mdadm|nfs|ipvs|power|rapl|cooling|bcache|fibrechannel"
    r'|disk_\w+\{device="zram|network_speed_bytes|memory_numa)'
)
_MOVING = re.compile(
    r"node_(load|memory|pressure|procs|time_seconds|sockstat|filefd|netstat|softnet|arp|entropy|vmstat)"
)


def _near(series: str, ours: float, theirs: float) -> bool:
    if _MOVING.match(series):
        return ours >= 0
    return abs(ours - theirs) <= 0.05 * max(abs(ours), abs(theirs)) + 200_000 * series.startswith(
        ("node_network", "node_disk", "node_filesystem", "node_intr", "node_context", "node_forks")
    ) + 5 * series.startswith("node_cpu")


def _parsed(text: str) -> Exposed:
    values, types = {}, {}
    for line in text.splitlines():
        if line.startswith("# TYPE node_"):
            _, _, name, kind = line.split()
            types[name] = kind
        elif not line.startswith("#"):
            series, _, value = line.rpartition(" ")
            values[series] = float(value)
    return values, types


def _exported() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    assert EXPORTER
    command = [EXPORTER, f"--web.listen-address={address}", "--log.level=error"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            while True:
                try:
                    with urllib.request.urlopen(f"http://{address}/metrics") as answer:
                        return str(answer.read().decode())
                except urllib.error.URLError:
                    assert process.poll() is None
                    time.sleep(0.05)
        finally:
            process.terminate()
