"""Kill -9 at any moment, under load from several clients: what was acknowledged is there, once."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from tests.acceptance.live import Live, spawn, start
from tests.faults.senders import Ledger, sending
from tests.faults.stored import QUERIES, stored

NOW_NS = time.time_ns()


def rounds(folder: Path, count: int, seed: int) -> None:
    """Kill a server so many times, and look after each what it has when it is back."""
    print(f"rounds of chance {seed}")
    chance, ledger = random.Random(seed), Ledger()
    for number in range(count):
        if chance.random() < 0.2:
            killed_while_starting(folder, chance)
        live = start(folder)
        check(live, ledger, number)
        with sending(live, ledger, f"round-{number}", NOW_NS) as senders:
            for _ in range(chance.randint(1, 150)):
                assert senders.acknowledgements.acquire(timeout=60), f"nothing is acknowledged: {ledger.refused[-5:]}"
            time.sleep(chance.random() * 0.1)
            live.kill()
    live = start(folder)
    check(live, ledger, count)
    assert live.stop() == 0
    print({kind: f"{len(names)} of {len(ledger.sent[kind])}" for kind, names in ledger.acknowledged.items()})


def killed_while_starting(folder: Path, chance: random.Random) -> None:
    """Start a server and kill it before it is ready."""
    process = spawn(folder)
    time.sleep(chance.random() * 2)
    process.kill()
    process.wait()


def check(live: Live, ledger: Ledger, number: int) -> None:
    """Assert that everything acknowledged is there, that nothing is there twice, and that the server says nothing."""
    faults = {kind: ledger.faults(kind, stored(live, kind)) for kind in QUERIES}
    assert {kind: found for kind, found in faults.items() if found} == {}, f"after round {number}"
    assert live.alarms == []


def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    rounds(tmp_path, 5, seed=1)


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_ever(tmp_path: Path) -> None:
    rounds(tmp_path, 60, seed=random.SystemRandom().randrange(10**9))
