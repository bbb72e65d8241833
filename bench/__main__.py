"""The command line of the benchmarks: which ones, where the figures go."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from bench.machine import machine_line
from bench.page import PAGE, refresh
from bench.report import Report
from bench.scenarios.every import GROUPS, SCENARIOS, SERVER
from bench.scenarios.scenario import Options, Scenario
from bench.server import BenchError
from bench.show import show
from firstlight.errors import UserError


def main(argv: Sequence[str] | None = None) -> int:
    """Run what was asked for; return 1 if something went wrong that has nothing to do with speed."""
    parser = _parser()
    told = parser.parse_args(argv)
    known = {group.name: group.scenarios for group in GROUPS} | {each.name: (each,) for each in SCENARIOS}
    unknown = [name for name in told.names if name not in known]
    if unknown:
        parser.error(f"no scenario is called {', '.join(unknown)}; want one of {', '.join(known)}")
    names = told.names or [SERVER.name]
    groups = {group.name: group for group in GROUPS}
    if told.write and (len(names) > 1 or names[0] not in groups or told.scale != 1):
        parser.error(f"cannot write {PAGE} with some of its figures or coarse ones; name one group, without --scale")

    # A file or a pipe has no width to fit into.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
    machine = f"{datetime.now(UTC):%Y-%m-%d}, {machine_line()}"
    console.print(f"{machine}; load average {os.getloadavg()[0]:.1f}\n")
    try:
        reports = _run(console, [scenario for name in names for scenario in known[name]], Options(told.scale))
    except (BenchError, UserError) as error:
        print(error, file=sys.stderr)
        return 1
    if told.json:
        told.json.write_text(
            json.dumps({"machine": machine, "reports": [asdict(report) for report in reports]}, indent=1)
        )
    if told.write:
        PAGE.write_text(refresh(PAGE.read_text(), machine, reports, groups[names[0]].mark))
    return 1 if any(report.faults for report in reports) else 0


def _run(console: Console, scenarios: Sequence[Scenario], options: Options) -> list[Report]:
    reports = []
    for scenario in scenarios:
        for report in scenario.run(options):
            show(console, report)
            reports.append(report)
    return reports


def _parser() -> argparse.ArgumentParser:
    listed = "\n".join(
        "\n".join([f"{group.name}: {group.words}", *(f"  {each.name:16} {each.words}" for each in group.scenarios)])
        for group in GROUPS
    )
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure the server: its own CPU time, its memory, its disk, the waits of its clients.",
        epilog=f"scenarios, by their groups:\n\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="which scenarios, or a whole group; the group server if none is named"
    )
    parser.add_argument(
        "--scale",
        type=float,
        default=1.0,
        metavar="F",
        help="factor on how long is measured, or how much; 0.2 for a quick, coarse look",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to a file, too")
    parser.add_argument("--write", action="store_true", help=f"write the tables of a group into {PAGE}, too")
    return parser


if __name__ == "__main__":
    sys.exit(main())
