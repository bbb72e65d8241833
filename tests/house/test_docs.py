"""What the documentation says exists, exists."""

from __future__ import annotations

import re
import shlex
from importlib import import_module
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path

import pytest

from tests.house.markdown import Page, page, pages
from tools.source import TOP

PAGES = pages()

SAMPLE = Page(
    Path("docs/sample.md"),
    """# A page, and `code`
See [the other](other.md#part), [a site](https://example.com), `[not](a.link)` and [here](#again-1).

## Again
## Again

```sh
# said, not typed
make up
curl -s localhost \\
  | jq .
```

```console
$ firstlight status
rows  1
```

```python
make = 1  # [no](link.md)
```

[reference]: ../README.md
""",
)


def words_after(command: str, line: str) -> list[list[str]]:
    """Return the words after `command` for each time that `line` runs it, up to a pipe, a redirection or the like."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>()")
    lexer.whitespace_split = True
    runs: list[list[str]] = []
    current: list[str] | None = None
    for word in lexer:
        if set(word) <= set("|&;<>()"):
            current = None
        elif current is not None:
            current.append(word)
        elif Path(word).name == command:
            current = []
            runs.append(current)
    return runs


def targets_of_make() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", (TOP / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.path))
def test_links_lead_somewhere(page: Page) -> None:
    for link in page.links:
        path, _, anchor = link.partition("#")
        target = (TOP / page.path.parent / path) if path else TOP / page.path

        assert target.exists(), f"{page.path}: {link} leads nowhere"
        if anchor and target.suffix == ".md":
            assert anchor in Page(page.path, target.read_text()).anchors, f"{page.path}: {link} names no heading"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.path))
def test_targets_of_make_exist(page: Page) -> None:
    named = {
        word
        for line in [*page.commands, *page.code]
        for words in words_after("make", line)
        for word in words
        if re.fullmatch(r"[a-z][a-z-]*", word)
    }

    assert named <= targets_of_make()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.path))
def test_commands_of_firstlight_exist(page: Page, capsys: pytest.CaptureFixture[str]) -> None:
    for line in page.commands:
        for words in words_after("firstlight", line):
            text = help_for(words, capsys)
            for option in (word.partition("=")[0] for word in words if word.startswith("--")):
                assert re.search(rf"{option}\b", text), f"{page.path}: {line}: no option {option}"


def help_for(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Return what `firstlight ... --help` prints for the command that `words` begin with."""
    if not find_spec("firstlight.cli"):
        pytest.skip("there is no command line yet")
    command = list(takewhile(lambda word: not word.startswith("-"), words))
    with pytest.raises(SystemExit) as exit_:
        import_module("firstlight.cli.main").main([*command, "--help"])
    assert exit_.value.code == 0, f"firstlight {' '.join(command)} --help: {capsys.readouterr().err}"
    return capsys.readouterr().out


def test_the_readme_names_every_target_that_a_newcomer_needs() -> None:
    typed = {words[0] for line in page("README.md").commands for words in words_after("make", line) if words}

    assert {"up", "test"} <= typed <= targets_of_make()


def test_make_help_says_what_every_target_does() -> None:
    makefile = (TOP / "Makefile").read_text()
    (phony,) = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)

    assert set(phony.split()) == set(re.findall(r"^([a-z-]+):.* ## ", makefile, re.MULTILINE)) == targets_of_make()


def test_reads_a_page() -> None:
    assert SAMPLE.links == ["other.md#part", "#again-1", "../README.md"]
    assert SAMPLE.anchors == {"a-page-and-code", "again", "again-1"}
    assert SAMPLE.commands == ["make up", "curl -s localhost    | jq .", "firstlight status"]
    assert SAMPLE.code == ["code", "[not](a.link)"]
    assert SAMPLE.lacks({"code", "words"}) == ["words"]


RUNS = [
    # what                      line                                           the words after firstlight
    ("alone",                   "firstlight",                                  [[]]),
    ("with words",              "firstlight logs --follow",                    [["logs", "--follow"]]),
    ("by path",                 ".venv/bin/firstlight up",                     [["up"]]),
    ("into a pipe",             "firstlight logs | head",                      [["logs"]]),
    ("twice",                   "firstlight up & firstlight status > out",     [["up"], ["status"]]),
    ("a word in quotes",        "firstlight query sql 'select 1; select 2'",   [["query", "sql", "select 1; select 2"]]),
    ("after a setting",         "A=1 firstlight up",                           [["up"]]),
    ("something else",          "pip install firstlight-x",                    []),
]  # fmt: skip


@pytest.mark.parametrize(("line", "wanted"), [row[1:] for row in RUNS], ids=[row[0] for row in RUNS])
def test_finds_the_words_after_a_command(line: str, wanted: list[list[str]]) -> None:
    assert words_after("firstlight", line) == wanted
