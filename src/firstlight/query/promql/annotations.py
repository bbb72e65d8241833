"""What a query tells beside its result: warnings, where the result is doubtful, and infos."""

from __future__ import annotations

from firstlight.errors import Span


class Annotations:
    """Collects what the evaluation of one query has to tell. Each text is told once, with the last place of it."""

    def __init__(self, text: str = "") -> None:
        """Take the text of the query, from which positions are told as line and column."""
        self._text = text
        self._warnings: dict[str, Span | None] = {}
        self._infos: dict[str, Span | None] = {}

    @property
    def warnings(self) -> list[str]:
        """What may make the result wrong, as Prometheus words it: `PromQL warning: … (1:5)`."""
        return [f"PromQL warning: {text}{self._place(at)}" for text, at in self._warnings.items()]

    @property
    def infos(self) -> list[str]:
        """What may be worth a look, as Prometheus words it: `PromQL info: … (1:5)`."""
        return [f"PromQL info: {text}{self._place(at)}" for text, at in self._infos.items()]

    def warn(self, text: str, at: Span | None = None) -> None:
        """Tell that the result may be wrong."""
        self._warnings[text] = at

    def info(self, text: str, at: Span | None = None) -> None:
        """Tell what may be worth a look."""
        self._infos[text] = at

    def _place(self, at: Span | None) -> str:
        if at is None:
            return ""
        line = self._text.count("\n", 0, at.start) + 1
        begin = self._text.rfind("\n", 0, at.start) + 1
        before = self._text[begin : at.start]
        # As in Prometheus, a column is counted in bytes.
        column = at.start - begin + len(before.encode(errors="replace")) - len(before) + 1
        return f" ({line}:{column})"
