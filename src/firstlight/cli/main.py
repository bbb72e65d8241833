"""`firstlight`: finds the word that was typed, and hands over to its module.

A word is a module of this package with `SUMMARY`, `add_arguments` and `main`, and a name in `WORDS`. What it needs it
imports when it runs, so that the command line starts fast whatever it is asked.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final, Protocol, cast

from firstlight import __version__
from firstlight.errors import ConfigError, UserError, unknown_word

WORDS: Final = (
    "up",
    "demo",
    "logs",
    "traces",
    "query",
    "metrics",
    "status",
    "config",
)

FAILED, MISUSED, INTERRUPTED = 1, 2, 130
"""What the command exits with, if not with 0: it failed, it was called or configured wrongly, Ctrl-C."""


class Word(Protocol):
    """What the module of a word has."""

    SUMMARY: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add what may stand after the word."""
        ...

    def main(self, arguments: argparse.Namespace) -> int:
        """Do it, and return what to exit with; raise a `UserError` to have it printed."""
        ...


def main(argv: Sequence[str] | None = None) -> int:
    """Run what was typed, and return what to exit with."""
    typed = sys.argv[1:] if argv is None else list(argv)
    parser = argparse.ArgumentParser(prog="firstlight", description="Metrics, logs and traces of your programs.")
    parser.add_argument("--version", action="version", version=f"firstlight {__version__}")
    words = parser.add_subparsers(metavar="WORD", required=True)
    # Only the word that was typed is imported, unless the help is to list them all.
    for name in typed[:1] if typed and typed[0] in WORDS else WORDS:
        word = cast(Word, import_module(f"firstlight.cli.{name}"))
        sub = words.add_parser(name, help=word.SUMMARY, description=word.SUMMARY)
        sub.set_defaults(run=word.main)
        word.add_arguments(sub)
    if typed and not typed[0].startswith("-") and typed[0] not in WORDS:
        parser.error(unknown_word("word", typed[0], WORDS))
    arguments = parser.parse_args(typed)
    try:
        code = cast(int, arguments.run(arguments))
        sys.stdout.flush()  # here, where a broken pipe is understood
        return code
    except ConfigError as error:
        print(error, file=sys.stderr)
        return MISUSED
    except UserError as error:
        print(error, file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        # Whoever read our output has seen enough, as `head` does. Python would complain when it closes the pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
