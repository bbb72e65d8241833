"""Lines tried as `firstlight logs try` tries them, at a time that stands still."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from firstlight.config.read import read
from firstlight.ingest.process.settings import ProcessSettings
from firstlight.ingest.process.trial import Trial

NOW = int(np.datetime64("2026-11-21T12:00:00", "ns").astype(np.int64))


def settings_of(text: str) -> ProcessSettings:
    """Return settings written in YAML."""
    return read(ProcessSettings, text=text)


def tried(*lines: str, settings: str = "", pipeline: str | None = None, **labels: str) -> list[dict[str, Any]]:
    """Return what becomes of lines."""
    return list(Trial(settings_of(settings), pipeline, labels).of(lines, NOW))


def time_of(told: dict[str, Any]) -> str:
    """Return the time that a line said, nothing if it said none."""
    shown = str(np.datetime64(told["ts"], "ns"))
    return re.sub(r"\.?(000)+\Z", "", shown) if told["has_time"] else ""
