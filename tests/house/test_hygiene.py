"""What the repository must not carry, and what its numbered files must look like."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.source import TOP, tracked

BYTES_MAX = 1_000_000

# Written so that this file does not find itself.
FORBIDDEN = [
    # what                               pattern
    ("the host of a package registry",   r"(?:pypi|pythonhosted|npmjs|yarnpkg)\.(?:org|com)|proxy\.golang\.org|crates\.io/api"),
    ("a path of somebody's machine",     r"(?<![\w.~$}/-])/(?:work|root|home|Users)/(?!\$)"),
    ("a conflict that was not resolved", r"(?m)^(?:<{7}|>{7}) "),
    ("a private key",                    r"-----BEGIN [A-Z ]*PRIVATE KEY-{5}"),
]  # fmt: skip

CAUGHT = [
    # what                                        text                                             is it forbidden
    ("a registry",                                "https://" + "pypi" + ".org/simple",             True),
    ("a registry's files",                        "https://files." + "pythonhosted" + ".org/x",    True),
    ("a path",                                    "cd /" + "root/x",                               True),
    ("a path in quotes",                          '"/' + "home/me/x" + '"',                        True),
    ("a page that happens to be called home",     "https://example.com/" + "home/x",               False),
    ("a folder of our own",                       "tests/" + "work/x",                             False),
]  # fmt: skip


def text_of(path: Path) -> str:
    """Return the file as text, with what is not text left out."""
    return (TOP / path).read_bytes().decode(errors="ignore")


@pytest.mark.parametrize("pattern", [row[1] for row in FORBIDDEN], ids=[row[0] for row in FORBIDDEN])
def test_no_file_holds(pattern: str) -> None:
    found = [f"{path}: {match[0]!r}" for path in tracked() for match in re.finditer(pattern, text_of(path))]

    assert not found, "\n".join(found)


@pytest.mark.parametrize(("text", "forbidden"), [row[1:] for row in CAUGHT], ids=[row[0] for row in CAUGHT])
def test_the_patterns_catch(text: str, forbidden: bool) -> None:
    assert any(re.search(pattern, text) for _, pattern in FORBIDDEN) == forbidden


def test_no_file_is_large() -> None:
    large = [f"{path}: {size:,} bytes" for path in tracked() if (size := (TOP / path).stat().st_size) > BYTES_MAX]

    assert not large, f"want at most {BYTES_MAX:,} bytes; make it when it is needed, or keep it elsewhere: {large}"


def test_no_file_is_a_way_out() -> None:
    """A symbolic link works on the machine of whoever made it."""
    assert [str(path) for path in tracked() if (TOP / path).is_symlink()] == []


def folders_of_migrations() -> list[Path]:
    return sorted({path.parent for path in tracked() if path.suffix == ".sql" and path.parts[0] == "src"})


def test_migrations_are_numbered_without_gaps() -> None:
    """The files are applied in the order of their numbers, once, for ever: a gap is a file that was lost or renamed."""
    for folder in folders_of_migrations():
        names = sorted(path.name for path in tracked() if path.parent == folder and path.suffix == ".sql")
        numbers = [name.partition("_")[0] for name in names]

        assert numbers == [f"{n:0{len(numbers[0])}d}" for n in range(1, len(names) + 1)], f"{folder}: {names}"
