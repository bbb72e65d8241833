"""docs/cli.md explains every word, and every option of every word."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from importlib import import_module

import pytest

from firstlight.cli.main import WORDS
from tests.house.markdown import Page, page

PAGE = page("docs/cli.md")


def options(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Yield the long options of a parser, and of those for the words that may follow."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for sub in action.choices.values():
                yield from options(sub)
        elif not isinstance(action, argparse._HelpAction):
            yield from (option for option in action.option_strings if option.startswith("--"))


def section(word: str) -> Page:
    """Return what the page says of a word."""
    _, _, text = PAGE.text.partition(f"## `firstlight {word}`\n")
    return Page(PAGE.path, text.partition("\n## ")[0])


@pytest.mark.parametrize("word", WORDS)
def test_every_option_is_explained(word: str) -> None:
    parser = argparse.ArgumentParser()
    import_module(f"firstlight.cli.{word}").add_arguments(parser)
    explained = {code.partition(" ")[0] for code in section(word).code}

    assert section(word).text
    assert set(options(parser)) <= explained
