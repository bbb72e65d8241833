"""What a query tells beside its result: warnings, where the result is doubtful, and infos."""

from __future__ import annotations

from firstlight.errors import Span


class Annotations:
    """Collects what the evaluation of one query has to tell. Each text is told once for each place."""

    def __init__(self, text: str = "") -> None:
        """Take the text of the query, from which positions are told as line and column."""
        self._text = text
        self._warnings: dict[str, None] = {}
        self._infos: dict[str, None] = {}

    @property
    def warnings(self) -> list[str]:
        """What may make the result wrong, as Prometheus words it: `PromQL warning: … (1:5)`."""
        return list(self._warnings)

    @property
    def infos(self) -> list[str]:
        """What may be worth a look, as Prometheus words it: `PromQL info: … (1:5)`."""
        return list(self._infos)

    def warn(self, text: str, at: Span | None = None) -> None:
        """Tell that the result may be wrong."""
        self._warnings[f"PromQL warning: {text}{self._place(at)}"] = None

    def info(self, text: str, at: Span | None = None) -> None:
        """Tell what may be worth a look."""
        self._infos[f"PromQL info: {text}{self._place(at)}"] = None

    def _place(self, at: Span | None) -> str:
        if at is None:
            return ""
        line = self._text.count("\n", 0, at.start) + 1
        column = at.start - (self._text.rfind("\n", 0, at.start) + 1) + 1
        return f" ({line}:{column})"
