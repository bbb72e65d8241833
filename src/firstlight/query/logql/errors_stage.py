"""What is wrong with the text of a stage: a regular expression, a pattern, a path, a template."""

from __future__ import annotations

from firstlight.errors import Span, UserError


class BadStage(UserError):
    """A stage that cannot be compiled. `str` is what Loki says of it; whoever knows the query tells where."""

    def __init__(self, words: str, *, span: Span) -> None:
        super().__init__(words)
        self.span = span
