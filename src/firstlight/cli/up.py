"""`firstlight up`: run the server until it is told to stop."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

from firstlight.cli.configuration import add_arguments as add_configuration
from firstlight.cli.configuration import read_settings

if TYPE_CHECKING:
    from firstlight.app.server import Listening
    from firstlight.app.settings import Settings

SUMMARY = "run the server"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what may stand after `up`."""
    add_configuration(parser)
    parser.add_argument(
        "--data", metavar="DIR", type=Path, help="the directory that everything is kept in (setting data)"
    )
    parser.add_argument("--listen", metavar="HOST:PORT", help="where the HTTP APIs answer (setting http.listen)")
    parser.add_argument(
        "--compat", action="store_true", help="open the well-known ports of what is served, too (setting compat)"
    )


def main(arguments: argparse.Namespace) -> int:
    """Run until a signal says stop; return 0 after a clean stop."""

    def read() -> Settings:
        return read_settings(arguments, _overrides(arguments))

    settings = read()

    from firstlight.app.process import run  # after the settings: whoever mistyped one need not wait for all this

    return run(settings, read, lambda listening, seconds: print(_banner(listening, seconds), flush=True))


def _overrides(arguments: argparse.Namespace) -> list[str]:
    told = [
        ("data", arguments.data),
        ("http.listen", arguments.listen),
        ("compat", "true" if arguments.compat else None),
    ]
    return [f"{key}={value}" for key, value in told if value is not None]


def _banner(listening: Listening, seconds: float) -> str:
    """Return what is printed when the server is ready: where it listens, where its data is, how to try it."""
    lines = [f"firstlight {listening.version} is ready after {seconds:.1f} s"]
    lines += [f"  {name:11} {address}" for name, address in listening.addresses.items()]
    lines.append(f"  {'data':11} {listening.data}")
    lines.append(f"try it with: {_program()} demo")
    return "\n".join(lines)


def _program() -> str:
    """Return what to type to run this program again."""
    path = Path(sys.argv[0])
    if path.name != "firstlight":
        return "python -m firstlight"
    return path.name if which(path.name) == str(path) else str(path)
