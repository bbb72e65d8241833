"""`firstlight config`: is the configuration good, what is in force, what is there to be set."""

from __future__ import annotations

import argparse

from firstlight.cli.configuration import add_arguments as add_configuration
from firstlight.cli.configuration import config_file, read_settings

SUMMARY = "check the settings, show them, or print an example file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what may stand after `config`."""
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    for name, words, action in (
        ("check", "say whether the settings can be used, and exit with 2 if not", _check),
        ("show", "print the settings in force, with secrets hidden", _show),
    ):
        sub = actions.add_parser(name, help=words, description=words)
        sub.set_defaults(action=action)
        add_configuration(sub)
    words = "print a file with every setting at its default, to begin with"
    example = actions.add_parser("example", help=words, description=words)
    example.set_defaults(action=_example)


def main(arguments: argparse.Namespace) -> int:
    """Do what stands after `config`."""
    print(arguments.action(arguments), end="")
    return 0


def _check(arguments: argparse.Namespace) -> str:
    read_settings(arguments)
    return f"{config_file(arguments) or 'no file'}: good\n"


def _show(arguments: argparse.Namespace) -> str:
    from firstlight.config.dump import dump

    return dump(read_settings(arguments))


def _example(arguments: argparse.Namespace) -> str:
    from firstlight.app.settings import Settings
    from firstlight.config.describe import as_yaml_example, describe

    return as_yaml_example(describe(Settings))
