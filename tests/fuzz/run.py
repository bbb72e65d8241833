"""Fuzzes one target by coverage: `python -m tests.fuzz.run --seconds 20 otlp-logs`. Needs atheris.

What it learns and what it finds is kept below build/fuzz, so that a later run goes on from there. A finding ends the
run with the traceback and the name of a file with the input; `python -m tests.fuzz.run otlp-logs FILE` tries that again.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random

import atheris

with atheris.instrument_imports(include=["firstlight"]):
    from tests.fuzz.targets import NAMES, Target, targets

FOLDER = Path("build/fuzz")
LONGEST = 64 * 1024
SECONDS_FOR_ONE = 10
MEGABYTES = 2048


def main(argv: Sequence[str] | None = None) -> None:
    """Run until the time is over or something is found; exit with 0 in the first case only."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.run", description="fuzz one target")
    parser.add_argument("target", choices=NAMES, metavar="TARGET", help=f"one of {', '.join(NAMES)}")
    parser.add_argument("input", nargs="*", type=Path, metavar="FILE", help="inputs to try, instead of fuzzing")
    parser.add_argument("--seconds", type=int, default=20, help="how long to fuzz (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="where chance starts; 0 for anywhere")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to keep things (default: %(default)s)")
    options = parser.parse_args(argv)

    target = targets()[options.target]
    if options.input:
        for path in options.input:
            target.attempt(path.read_bytes())
        return
    corpus, findings = (options.folder / name / options.target for name in ("corpus", "findings"))
    for folder in (corpus, findings):
        folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    flags = {
        "max_total_time": options.seconds,
        "max_len": LONGEST,
        "timeout": SECONDS_FOR_ONE,
        "rss_limit_mb": MEGABYTES,
        "seed": options.seed,
        "artifact_prefix": f"{findings}/",
        "verbosity": 0,
        "print_final_stats": 1,
    }
    atheris.Setup(
        [sys.argv[0], str(corpus), *(f"-{name}={value}" for name, value in flags.items())],
        target.attempt,
        custom_mutator=lambda data, size, seed: _mutated(target, data, size, seed),
    )
    atheris.Fuzz()


def _mutated(target: Target, data: bytes, size: int, seed: int) -> bytes:
    random = Random(seed)
    if random.random() < 0.3:
        found: bytes = atheris.Mutate(data, size)
        return found
    return target.mutation(data, random)[:size]


if __name__ == "__main__":
    main()
