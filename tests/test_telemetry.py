"""The server's own instruments: named alike, explained, and nobody else's."""

from __future__ import annotations

import pytest

from firstlight.sdk.metrics import Registry
from firstlight.telemetry import Telemetry, observe_process
from tools.pages import Catalogue


def catalogue() -> Catalogue:
    """Return everything that a server declares."""
    found = Catalogue()
    Telemetry(found)
    observe_process(found, version="1.2.3")
    return found


def test_names_say_whose_they_are() -> None:
    ours = ("firstlight_", "process_", "python_")

    assert [row.name for row in catalogue().rows if not row.name.startswith(ours)] == []


def test_every_instrument_says_in_a_sentence_what_it_is() -> None:
    assert [row.name for row in catalogue().rows if not row.help.endswith(".") or "|" in row.help] == []


def test_two_servers_live_in_one_process() -> None:
    first, second = Telemetry(Registry()), Telemetry(Registry())
    first.http.faults.add(1)
    families = {family.name: family for family in second.registry.collect()}

    assert families["firstlight_http_faults"].samples[0].value == 0


READINGS = [
    # family                           at least
    ("process_cpu_seconds",            0.01),
    ("process_resident_memory_bytes",  1e6),
    ("process_virtual_memory_bytes",   1e6),
    ("process_open_fds",               3),
    ("process_max_fds",                3),
    ("process_threads",                1),
    ("process_start_time_seconds",     1e9),
    ("python_gc_collections",          0),
    ("firstlight_build_info",          1),
]  # fmt: skip


@pytest.mark.parametrize(("name", "least"), READINGS, ids=[row[0] for row in READINGS])
def test_knows_the_process(name: str, least: float) -> None:
    family = next(one for one in catalogue().collect() if one.name == name)

    assert family.samples
    assert all(sample.value >= least for sample in family.samples)
