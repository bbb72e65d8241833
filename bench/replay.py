"""Lets the sending process send, and reads the server's clocks meanwhile."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bench.load.plan import Outcome, Plan
from bench.server import BenchError, Server
from bench.usage import Machine, MemoryWatch, resident_mib


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of a run, and what the server used for it, the warm-up apart."""

    outcome: Outcome
    cpu_during: float
    """CPU seconds of the server until the last answer."""
    cpu_settled: float
    """The same until it had gone quiet: with the merges that were left to do."""
    resident: float
    """MiB in RAM when it had gone quiet."""
    memory: MemoryWatch
    """How that went during the run."""
    others: float
    """Which share of the machine's processors others had during the run."""

    def per_item(self, seconds: float) -> float:
        """Return seconds as microseconds per accepted item."""
        return 1e6 * seconds / max(1, self.outcome.accepted)


def replay(server: Server, plan: Plan, interval: float = 0.25) -> Replay:
    """Run `plan` against `server`, looking at its memory every `interval` seconds."""
    command = [sys.executable, "-m", "bench.load"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as sender:
        assert sender.stdin
        assert sender.stdout
        print(json.dumps(asdict(plan)), file=sender.stdin, flush=True)
        if sender.stdout.readline().strip() != "warm":
            raise BenchError("the sender gave up before it began to measure; what it printed says why")
        with MemoryWatch(server.process, interval) as memory:
            cpu, machine = server.cpu(), Machine.now()
            print("go", file=sender.stdin, flush=True)
            said = sender.stdout.readline()
            cpu_during, after = server.cpu() - cpu, Machine.now()
    if not said:
        raise BenchError("the sender gave up; what it printed says why")
    found: Mapping[str, Any] = json.loads(said)
    outcome = Outcome(**found)
    return Replay(
        outcome=outcome,
        cpu_during=cpu_during,
        cpu_settled=server.settle() - cpu,
        resident=resident_mib(server.process),
        memory=memory,
        others=after.others_share(machine, (cpu_during, outcome.cpu_seconds)),
    )
