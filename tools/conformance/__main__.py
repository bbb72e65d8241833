"""Runs firstlight on material that nobody here wrote: `python -m tools.conformance FOLDER [KIND ...]`.

Ends with a line for each kind, `kind: passed/total`. What failed is in a file, named before those lines.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.conformance.case import Kind
from tools.conformance.kinds import KINDS
from tools.conformance.score import report, score

FAILURES = Path("build/conformance-failures.txt")


def main(argv: Sequence[str] | None = None, *, kinds: Sequence[Kind] = KINDS) -> int:
    """Run the kinds asked for, or all; return 1 if a case failed, 2 if there was nothing to run."""
    parser = argparse.ArgumentParser(prog="python -m tools.conformance", description="run the conformance material")
    parser.add_argument("material", type=Path, help="the folder with the material; its README.md says what is in it")
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(kind.name for kind in kinds)}")
    parser.add_argument(
        "--failures", type=Path, default=FAILURES, help="where to list what failed (default: %(default)s)"
    )
    options = parser.parse_args(argv)

    known = {kind.name: kind for kind in kinds}
    unknown = [name for name in options.kinds if name not in known]
    if unknown:
        parser.error(f"no kind is called {', '.join(unknown)}; want one of {', '.join(known)}")
    if not options.material.is_dir():
        parser.error(f"cannot find the material: {options.material} is not a folder; name it by CONFORMANCE=<folder>")

    scores = [score(known[name], options.material) for name in options.kinds or known]
    options.failures.parent.mkdir(parents=True, exist_ok=True)
    options.failures.write_text(report(scores))
    failed = any(score.failures for score in scores)
    if failed:
        print(f"what failed is in {options.failures}")
    for line in scores:
        print(line)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
