"""Instruments: what they count, what they refuse, and that nothing is lost between threads."""

from __future__ import annotations

import logging
import math
import subprocess
import sys
from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest

from firstlight.sdk.metrics import MAX_LABEL_SETS, OVERFLOW, Registry
from firstlight.wire.exposition import Family, FamilyType, Sample, encode_text


def values(registry: Registry) -> dict[str, float]:
    """Return what the registry shows, as series in PromQL and their values."""
    lines = encode_text(registry.collect()).decode().splitlines()
    pairs = [line.rpartition(" ") for line in lines if not line.startswith("#")]
    return {series: float(value) for series, _, value in pairs}


def test_counter() -> None:
    """A counter adds up by label values; without labels it is there before anything happened."""
    registry = Registry()
    requests = registry.counter("requests_total", "Requests.", ("method", "path"))
    registry.counter("starts_total", "Starts.")

    requests.add(1, "GET", "/")
    requests.add(2.5, "GET", "/")
    requests.add(0, "PUT", "/")

    assert values(registry) == {
        'requests_total{method="GET",path="/"}': 3.5,
        'requests_total{method="PUT",path="/"}': 0,
        "starts_total": 0,
    }


def test_gauge() -> None:
    """A gauge is set, and moved both ways."""
    registry = Registry()
    queue = registry.gauge("queue_rows", "Rows waiting.", ("table",))

    queue.set(10, "logs")
    queue.add(-4, "logs")
    queue.add(2, "spans")

    assert values(registry) == {'queue_rows{table="logs"}': 6, 'queue_rows{table="spans"}': 2}


def test_histogram() -> None:
    """A histogram counts up to each bound and including it, and sums."""
    registry = Registry()
    size = registry.histogram("size_bytes", "Sizes.", unit="bytes", bounds=(1, 10))

    for value in (0.5, 1, 1.5, 10, 10.5, math.inf):
        size.record(value)

    assert registry.collect() == [
        Family(
            "size_bytes",
            FamilyType.HISTOGRAM,
            "Sizes.",
            (
                Sample("_bucket", (("le", "1.0"),), 2),
                Sample("_bucket", (("le", "10.0"),), 4),
                Sample("_bucket", (("le", "+Inf"),), 6),
                Sample("_sum", (), math.inf),
                Sample("_count", (), 6),
            ),
            "bytes",
        )
    ]


def test_histogram_by_label() -> None:
    """Each set of label values has buckets of its own."""
    registry = Registry()
    duration = registry.histogram("duration_seconds", "How long.", ("method",), bounds=(0.1,))

    duration.record(0.05, "GET")
    duration.record(0.25, "PUT")

    assert values(registry) == {
        'duration_seconds_bucket{method="GET",le="0.1"}': 1,
        'duration_seconds_bucket{method="GET",le="+Inf"}': 1,
        'duration_seconds_sum{method="GET"}': 0.05,
        'duration_seconds_count{method="GET"}': 1,
        'duration_seconds_bucket{method="PUT",le="0.1"}': 0,
        'duration_seconds_bucket{method="PUT",le="+Inf"}': 1,
        'duration_seconds_sum{method="PUT"}': 0.25,
        'duration_seconds_count{method="PUT"}': 1,
    }


def test_observables() -> None:
    """What is kept elsewhere is read anew at each collection."""
    registry = Registry()
    cpu: dict[tuple[str, ...], float] = {(): 1.5}
    registry.observable_counter("cpu_seconds_total", "CPU time.", unit="seconds", read=lambda: cpu)
    registry.observable_gauge("disk_bytes", "Disk.", ("mount",), read=lambda: {("/",): 10, ("/data",): 20})

    before = values(registry)
    cpu[()] = 2.5

    assert before == {"cpu_seconds_total": 1.5, 'disk_bytes{mount="/"}': 10, 'disk_bytes{mount="/data"}': 20}
    assert values(registry)["cpu_seconds_total"] == 2.5


def broken() -> dict[tuple[str, ...], float]:
    raise OSError("no such disk")


@pytest.mark.parametrize("read", [broken, lambda: {("too", "many"): 1.0}, lambda: {(7,): 1.0}])
def test_broken_observable_hides_no_others(read: Callable[[], Any], caplog: pytest.LogCaptureFixture) -> None:
    """A reading that fails is logged and empty, and all others are there."""
    registry = Registry()
    registry.observable_gauge("disk_bytes", "Disk.", ("mount",), read=read)
    registry.gauge("rows", "Rows.").set(3)

    with caplog.at_level(logging.ERROR):
        assert values(registry) == {"rows": 3}

    assert "cannot read the metric disk_bytes" in caplog.text


def test_families() -> None:
    """Families come in the order of their instruments, with all that was said of them."""
    registry = Registry()
    registry.gauge("b_ratio", "B.", unit="ratio")
    registry.counter("a_seconds_total", "A.", unit="seconds")

    assert [(one.name, one.type, one.help, one.unit) for one in registry.collect()] == [
        ("b_ratio", FamilyType.GAUGE, "B.", "ratio"),
        ("a_seconds", FamilyType.COUNTER, "A.", "seconds"),
    ]


REFUSED: list[tuple[str, Callable[[Registry], object], str]] = [
    # what                              is done                                                              complaint
    ("a counter that is no total",      lambda r: r.counter("requests", "x"),                                "cannot make the counter 'requests': its name does not end in _total; want requests_total"),
    ("a counter that is only a total",  lambda r: r.counter("_total", "x"),                                  "cannot make the instrument '_total'; want a name"),
    ("a name with a dot",               lambda r: r.gauge("a.b", "x"),                                       "cannot make the instrument 'a.b'; want a name of ASCII letters, digits, underscores"),
    ("a name with a digit first",       lambda r: r.gauge("1a", "x"),                                        "cannot make the instrument '1a'"),
    ("a name with a newline last",      lambda r: r.gauge("a\n", "x"),                                       "cannot make the instrument 'a\\n'"),
    ("a unit not in the name",          lambda r: r.counter("a_total", "x", unit="seconds"),                 "cannot make the instrument 'a_total': its unit is not in its name; want …_seconds"),
    ("a label with a dot",              lambda r: r.gauge("a", "x", ["b.c"]),                                "cannot label 'a' with ['b.c']; want different names of ASCII letters, digits"),
    ("a reserved label",                lambda r: r.gauge("a", "x", ["__name__"]),                           "cannot label 'a' with ['__name__']"),
    ("a label twice",                   lambda r: r.gauge("a", "x", ["b", "b"]),                             "cannot label 'a' with ['b', 'b']"),
    ("the label of buckets",            lambda r: r.histogram("a", "x", ["le"]),                             "cannot label 'a' with \"le\", which is the label of its buckets; want another name"),
    ("no bounds",                       lambda r: r.histogram("a", "x", bounds=()),                          "cannot make the histogram 'a' with bounds (); want rising finite numbers"),
    ("bounds that fall",                lambda r: r.histogram("a", "x", bounds=(2, 1)),                      "cannot make the histogram 'a' with bounds (2, 1)"),
    ("a bound twice",                   lambda r: r.histogram("a", "x", bounds=(1, 1)),                      "cannot make the histogram 'a' with bounds (1, 1)"),
    ("an infinite bound",               lambda r: r.histogram("a", "x", bounds=(1, math.inf)),               "cannot make the histogram 'a' with bounds (1, inf)"),
    ("a name twice",                    lambda r: (r.gauge("a", "x"), r.gauge("a", "x")),                    "cannot make a second instrument a; want one, handed to whoever uses it"),
    ("a counter and a gauge in one family", lambda r: (r.gauge("a", "x"), r.counter("a_total", "x")),        "cannot make a second instrument a"),
    ("a counter that falls",            lambda r: r.counter("a_total", "x").add(-1),                         "cannot add -1 to the counter a; want 0 or more"),
    ("a counter that adds NaN",         lambda r: r.counter("a_total", "x").add(math.nan),                   "cannot add nan to the counter a; want 0 or more"),
    ("NaN in a histogram",              lambda r: r.histogram("a", "x").record(math.nan),                    "cannot record NaN in the histogram a; want a number"),
    ("too few label values",            lambda r: r.counter("a_total", "x", ["b", "c"]).add(1, "1"),         "cannot use a with labels ('1',); want strings for ('b', 'c')"),
    ("too many label values",           lambda r: r.gauge("a", "x").set(1, "1"),                             "cannot use a with labels ('1',); want strings for ()"),
    ("a label value that is a number",  lambda r: r.histogram("a", "x", ["b"]).record(1, 200),               "cannot use a with labels (200,); want strings for ('b',)"),  # type: ignore[arg-type]
]  # fmt: skip


@pytest.mark.parametrize(("do", "complaint"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refuses(do: Callable[[Registry], object], complaint: str) -> None:
    """A mistake of the programmer's is told at once, and in full."""
    with pytest.raises((ValueError, TypeError)) as caught:
        do(Registry())

    assert str(caught.value).startswith(complaint)


def test_too_many_label_sets() -> None:
    """What comes after the bound is counted together, and what came before goes on."""
    registry = Registry()
    tenants = registry.counter("rows_total", "Rows.", ("tenant",))
    sizes = registry.histogram("size_bytes", "Sizes.", ("tenant",), bounds=(1,))
    for number in range(MAX_LABEL_SETS + 10):
        tenants.add(1, str(number))
        sizes.record(1, str(number))
    tenants.add(1, "0")

    found = values(registry)
    assert found[f'rows_total{{tenant="{OVERFLOW}"}}'] == found[f'size_bytes_count{{tenant="{OVERFLOW}"}}'] == 10
    assert found['rows_total{tenant="0"}'] == 2
    assert len(registry.collect()[0].samples) == MAX_LABEL_SETS + 1


def test_nothing_is_lost_between_threads() -> None:
    """Threads that change as often as they can, on cells that come up meanwhile, lose not one addition."""
    registry = Registry()
    counter = registry.counter("a_total", "x", ("k",))
    histogram = registry.histogram("b", "x", ("k",), bounds=(1,))

    def work() -> None:
        for number in range(5_000):
            counter.add(1, str(number % 50))
            histogram.record(1, str(number % 50))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            registry.collect()
    finally:
        sys.setswitchinterval(interval)

    found = values(registry)
    assert sum(value for series, value in found.items() if series.startswith("a_total")) == 20_000
    assert sum(value for series, value in found.items() if series.startswith("b_count")) == 20_000


def test_needs_the_standard_library_only() -> None:
    """Importing the instruments brings in nothing that an application did not install."""
    program = (
        "import sys; before = set(sys.modules); import firstlight.sdk.metrics;"
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before} - sys.stdlib_module_names)"
    )
    ran = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {program}"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert ran.stdout.split() == ["firstlight"]
