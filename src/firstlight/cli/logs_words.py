"""The words that may stand after `firstlight logs`, each with options of its own."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Final

from firstlight.cli import (
    logs_context,
    logs_export,
    logs_facets,
    logs_import,
    logs_patterns,
    logs_query,
    logs_searches,
    logs_try,
)
from firstlight.cli.configuration import read_settings
from firstlight.cli.logs_try import LineTrial

Do = Callable[[argparse.Namespace], int]


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the words to what may stand after `logs`."""
    prog = parser.prog
    parser.usage = f"{prog} [OPTION ...]\n       {prog} WORD ..."
    words = parser.add_subparsers(title="words", metavar="WORD", prog=prog)
    for name, (summary, add, do) in WORDS.items():
        sub = words.add_parser(name, help=summary, description=summary)
        add(sub)
        sub.set_defaults(do=do, word=name)


def _try(arguments: argparse.Namespace) -> int:
    def make(arguments: argparse.Namespace, pipeline: str | None, labels: Mapping[str, str]) -> LineTrial:
        # What the server is built of is imported by the one word that needs it.
        from firstlight.app.log_trial import trial

        return trial(read_settings(arguments), pipeline, labels)

    return logs_try.run(arguments, make)


WORDS: Final[Mapping[str, tuple[str, Callable[[argparse.ArgumentParser], None], Do]]] = {
    "query": (logs_query.SUMMARY, logs_query.add_arguments, logs_query.run),
    "follow": (logs_query.FOLLOWING, logs_query.add_following, logs_query.run_following),
    "context": (logs_context.SUMMARY, logs_context.add_arguments, logs_context.run),
    "patterns": (logs_patterns.SUMMARY, logs_patterns.add_arguments, logs_patterns.run),
    "facets": (logs_facets.SUMMARY, logs_facets.add_arguments, logs_facets.run),
    "searches": (logs_searches.SUMMARY, logs_searches.add_arguments, logs_searches.run),
    "export": (logs_export.SUMMARY, logs_export.add_arguments, logs_export.run),
    "import": (logs_import.SUMMARY, logs_import.add_arguments, logs_import.run),
    "try": (logs_try.SUMMARY, logs_try.add_arguments, _try),
}
"""What each is for, what may stand after it, and what does it."""
