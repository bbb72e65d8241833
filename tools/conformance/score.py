"""Runs the cases of each kind, and counts."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.conformance.case import Case, Kind


@dataclass(frozen=True, slots=True)
class Failure:
    """A case that does not hold, and what was found."""

    kind: str
    case: str
    complaint: str


@dataclass(frozen=True, slots=True)
class Score:
    """How one kind fared."""

    kind: str
    total: int
    failures: tuple[Failure, ...]

    def __str__(self) -> str:
        return f"{self.kind}: {self.total - len(self.failures)}/{self.total}"


def score(kind: Kind, material: Path) -> Score:
    """Run the cases of `kind` and return how they fared; none are found where the material has no such folder."""
    total = 0
    failures: list[Failure] = []
    for case, complaint in attempts(kind, material):
        total += 1
        if complaint is not None:
            failures.append(Failure(kind.name, case, complaint))
    return Score(kind.name, total, tuple(failures))


def report(scores: Iterable[Score]) -> str:
    """Return the failures of all `scores` as text, one paragraph each."""
    failures = [failure for score in scores for failure in score.failures]
    return "\n".join(f"{failure.kind}: {failure.case}\n{_indented(failure.complaint)}" for failure in failures)


def attempts(kind: Kind, material: Path) -> Iterator[tuple[str, str | None]]:
    """Yield each case's name with what is wrong with it. A kind that cannot go on finding cases is one more failure."""
    folder = material / kind.folder
    cases = kind.cases(folder) if folder.is_dir() else iter(())
    while True:
        try:
            case = next(cases, None)
        except Exception:
            yield "(finding the cases)", traceback.format_exc(limit=-3)
            return
        if case is None:
            return
        yield case.name, _complaint(case)


def _complaint(case: Case) -> str | None:
    try:
        case.run()
    except AssertionError as error:
        return str(error) or "an assertion without words"
    except Exception:
        return traceback.format_exc(limit=-3)
    return None


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())
