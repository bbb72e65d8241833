"""How a command is told its settings: a file, the environment, options."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from firstlight.app.settings import Settings

FILE: Final = Path("firstlight.yaml")
"""The file that is read if it is there and no other is named."""

FILE_VARIABLE: Final = "FIRSTLIGHT_CONFIG"
"""Names another."""

SERVER_VARIABLE: Final = "FIRSTLIGHT_SERVER"
"""Names the server that is asked by the words that show something: no setting of that server."""

NOT_SETTINGS: Final = (FILE_VARIABLE, SERVER_VARIABLE)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that tell the settings."""
    parser.add_argument(
        "--config",
        metavar="FILE",
        type=Path,
        help=f"the file of settings ({FILE} if there is one, or ${FILE_VARIABLE})",
    )
    parser.add_argument(
        "--set",
        dest="overrides",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="one setting, such as retention.logs=7d; may be given again, and wins over the file and the environment",
    )


def config_file(arguments: argparse.Namespace) -> Path | None:
    """Return the file of settings, if there is one: the one that is named, which then must exist, or the usual one."""
    named = arguments.config or os.environ.get(FILE_VARIABLE)
    if named:
        return Path(named)
    return FILE if FILE.exists() else None


def read_settings(arguments: argparse.Namespace, overrides: list[str] | None = None) -> Settings:
    """Return the settings; `overrides` are what other options of the command stand for, and lose against ``--set``."""
    from firstlight.app.settings import Settings
    from firstlight.config.read import read

    return read(
        Settings,
        path=config_file(arguments),
        environ=os.environ,
        overrides=[*(overrides or []), *arguments.overrides],
        not_settings=NOT_SETTINGS,
    )
