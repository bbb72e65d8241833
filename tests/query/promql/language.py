"""Runs tests in the format of Prometheus' language tests: on series in memory, or on whatever answers queries."""

from __future__ import annotations

from collections.abc import Callable

from firstlight.query.promql.run import Options
from tools.conformance.promql import TESTED, in_memory
from tools.conformance.promql_check import Execute, check
from tools.conformance.promql_memory import MemorySource
from tools.conformance.promqltest import Clear, Eval, Load, commands


def run(text: str, *, options: Options = TESTED) -> int:
    """Run the commands of a test on series in memory; return how many queries held."""
    source = MemorySource()
    return run_on(text, in_memory(source, options), source.load, source.clear)


def run_on(text: str, execute: Execute, load: Callable[[Load], None], clear: Callable[[], None]) -> int:
    """Run the commands of a test with what loads samples, forgets them and answers queries."""
    held = 0
    for command in commands(text):
        match command:
            case Load():
                load(command)
            case Clear():
                clear()
            case Eval():
                check(command, execute)
                held += 1
    return held
