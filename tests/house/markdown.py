"""What a page of documentation says, for tests that compare it with the code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tools.source import TOP, tracked

FENCE = re.compile(
    r"^(?P<fence>`{3,}|~{3,})(?P<language>\w*)[^\n]*\n(?P<code>.*?)^(?P=fence)`*[ \t]*$", re.MULTILINE | re.DOTALL
)
SHELL = frozenset({"sh", "bash", "shell", "console"})


@dataclass(frozen=True, slots=True)
class Page:
    """One Markdown file."""

    path: Path  # from the top of the checkout
    text: str

    @property
    def prose(self) -> str:
        """The text without its blocks of code."""
        return FENCE.sub("", self.text)

    @property
    def links(self) -> list[str]:
        """The targets of its links and pictures that lead somewhere in this repository, with their anchors."""
        prose = re.sub(r"`[^`\n]*`", "", self.prose)
        found = re.findall(r"\]\(\s*<?([^)\s>]+)", prose) + re.findall(
            r"^\[[^\]]+\]:\s*<?([^\s>]+)", prose, re.MULTILINE
        )
        return [target for target in found if not re.match(r"[a-z][a-z0-9+.-]*:", target)]

    @property
    def anchors(self) -> set[str]:
        """What a link may name after `#`: each heading, as the forges spell it."""
        found: set[str] = set()
        for heading in re.findall(r"^#{1,6}\s+(.+?)\s*#*$", self.prose, re.MULTILINE):
            slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
            found.add(
                slug if slug not in found else next(f"{slug}-{n}" for n in range(1, 99) if f"{slug}-{n}" not in found)
            )
        return found

    @property
    def commands(self) -> list[str]:
        """The lines of its shell blocks that are typed: without prompts, answers and comments, continuations joined."""
        found = []
        for block in FENCE.finditer(self.text):
            if block["language"] in SHELL:
                lines = block["code"].replace("\\\n", " ").splitlines()
                prompted = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
                found += prompted or [line for line in lines if line.strip() and not line.startswith("#")]
        return found

    @property
    def code(self) -> list[str]:
        """What it sets as code within a sentence or a table."""
        return re.findall(r"`([^`\n]+)`", self.prose)

    def lacks(self, names: set[str]) -> list[str]:
        """Return those of `names` that the page nowhere sets as code: the settings, metrics ... it forgot to explain."""
        return sorted(names - set(self.code))


def pages() -> list[Page]:
    """Return every Markdown file of the project."""
    return [Page(path, (TOP / path).read_text()) for path in tracked() if path.suffix == ".md"]


def page(path: str) -> Page:
    """Return the page at `path`, from the top of the checkout."""
    return Page(Path(path), (TOP / path).read_text())
