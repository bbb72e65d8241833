"""What the settings would make of log lines, tried out without a server."""

from __future__ import annotations

from collections.abc import Mapping

from firstlight.app.settings import Settings
from firstlight.ingest.process.trial import Trial


def trial(settings: Settings, pipeline: str | None, labels: Mapping[str, str]) -> Trial:
    """Return what tries lines of a stream with these labels, through a pipeline by its name or all that fit."""
    return Trial(settings.logs, pipeline, labels)
