"""What the processors of the host do, from ``/proc/stat`` and its neighbours."""

from __future__ import annotations

import os
from typing import Final

from firstlight.ingest.collect.host_files import Host, Values, counter, filled, gauge, labelled
from firstlight.wire.exposition import Family

MODES: Final = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
_NANOSECONDS: Final = 1e9


def cpu(host: Host) -> list[Family]:
    """Return the seconds that each processor spent in each mode."""
    ticks = os.sysconf("SC_CLK_TCK")
    spent: dict[str, list[float]] = {
        words[0].removeprefix("cpu"): [int(word) / ticks for word in words[1:]]
        for words in host.lines("proc/stat")
        if words and words[0].startswith("cpu") and words[0] != "cpu"
    }
    modes: Values = {
        labelled(cpu=name, mode=mode): seconds
        for name, found in spent.items()
        for mode, seconds in zip(MODES, found, strict=False)
    }
    guests: Values = {
        labelled(cpu=name, mode=mode): seconds
        for name, found in spent.items()
        for mode, seconds in zip(("user", "nice"), found[len(MODES) :], strict=False)
    }
    return filled(
        [
            counter("node_cpu_guest_seconds_total", "Seconds that processors ran virtual machines.", guests),
            counter("node_cpu_seconds_total", "Seconds that processors spent in each mode.", modes),
        ]
    )


def stat(host: Host) -> list[Family]:
    """Return what the kernel counts for all processors."""
    told = {words[0]: float(words[1]) for words in host.lines("proc/stat") if len(words) > 1}
    rows = (
        (gauge, "node_boot_time_seconds", "When the host was started, in seconds since 1970.", "btime"),
        (counter, "node_context_switches_total", "Changes from one thread to another.", "ctxt"),
        (counter, "node_forks_total", "Processes and threads that were made.", "processes"),
        (counter, "node_intr_total", "Interrupts that were served.", "intr"),
        (gauge, "node_procs_blocked", "Threads that wait for a disk or the like.", "procs_blocked"),
        (gauge, "node_procs_running", "Threads that run or could.", "procs_running"),
    )
    return [kind(name, help, told[word]) for kind, name, help, word in rows if word in told]


def loadavg(host: Host) -> list[Family]:
    """Return the load: how many threads ran or waited to, on average."""
    words = host.text("proc/loadavg").split()
    return [
        gauge(f"node_load{minutes}", f"Threads that ran or waited to, on average of {minutes} min.", float(word))
        for minutes, word in zip((1, 5, 15), words, strict=False)
    ]


def pressure(host: Host) -> list[Family]:
    """Return how long threads waited for what there was too little of."""
    families = []
    for what in ("cpu", "io", "memory"):
        for words in host.lines(f"proc/pressure/{what}"):
            seconds = int(words[-1].partition("=")[2]) / 1e6
            if words[0] == "some":
                name = f"node_pressure_{what}_waiting_seconds_total"
                families.append(counter(name, f"Seconds in which some thread waited for {what}.", seconds))
            elif what != "cpu":
                name = f"node_pressure_{what}_stalled_seconds_total"
                families.append(counter(name, f"Seconds in which all threads waited for {what}.", seconds))
    return families


def schedstat(host: Host) -> list[Family]:
    """Return what the scheduler counts for each processor."""
    found = [words for words in host.lines("proc/schedstat") if words and words[0].startswith("cpu")]

    def column(place: int, unit: float) -> Values:
        return {labelled(cpu=words[0].removeprefix("cpu")): int(words[place]) / unit for words in found}

    return filled(
        [
            counter("node_schedstat_running_seconds_total", "Seconds that threads ran.", column(7, _NANOSECONDS)),
            counter("node_schedstat_timeslices_total", "Slices of time that threads were given.", column(9, 1)),
            counter("node_schedstat_waiting_seconds_total", "Seconds that threads waited.", column(8, _NANOSECONDS)),
        ]
    )


def cpufreq(host: Host) -> list[Family]:
    """Return how fast the processors run."""
    rows = (
        ("node_cpu_frequency_max_hertz", "The fastest that a processor can run.", "cpuinfo_max_freq"),
        ("node_cpu_frequency_min_hertz", "The slowest that a processor can run.", "cpuinfo_min_freq"),
        ("node_cpu_scaling_frequency_hertz", "How fast a processor runs.", "scaling_cur_freq"),
        ("node_cpu_scaling_frequency_max_hertz", "The fastest that a processor may run.", "scaling_max_freq"),
        ("node_cpu_scaling_frequency_min_hertz", "The slowest that a processor may run.", "scaling_min_freq"),
    )
    processors = [name for name in host.names("sys/devices/system/cpu") if name[3:].isdigit()]
    families = []
    for name, help, file in rows:
        found = {one: host.number(f"sys/devices/system/cpu/{one}/cpufreq/{file}") for one in processors}
        hertz = {labelled(cpu=one[3:]): value * 1000 for one, value in found.items() if value is not None}
        families.append(gauge(name, help, hertz))
    return filled(families)


def softnet(host: Host) -> list[Family]:
    """Return what each processor did with packets that came."""
    rows = (
        ("node_softnet_dropped_total", "Packets that were dropped.", 1),
        ("node_softnet_processed_total", "Packets that were processed.", 0),
        ("node_softnet_times_squeezed_total", "Times that there was more to process than time.", 2),
    )
    found = [[int(word, 16) for word in words] for words in host.lines("proc/net/softnet_stat")]
    return [
        counter(name, help, {labelled(cpu=str(number)): float(words[place]) for number, words in enumerate(found)})
        for name, help, place in rows
    ]
