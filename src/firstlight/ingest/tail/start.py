"""What reads logs where they are, as the settings have it: a task for each kind of source."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, Final

from firstlight.ingest.tail.delivery import Surroundings
from firstlight.ingest.tail.docker import DockerTailer
from firstlight.ingest.tail.journal import JournalTailer
from firstlight.ingest.tail.kubernetes_pods import Pods
from firstlight.ingest.tail.settings import TailSettings
from firstlight.ingest.tail.tailer import Tailer

FILES: Final = "tail-positions.json"
DOCKER: Final = "tail-docker.json"
JOURNAL: Final = "tail-journal.json"

Run = Callable[[], Coroutine[Any, Any, None]]


def tailers(
    settings: TailSettings, folder: Path, around: Surroundings, environ: Mapping[str, str]
) -> list[tuple[str, Run]]:
    """Return what is to be run as tasks until cancelled, by name; how far they are is kept in `folder`.

    Raise PositionsUnreadable if what is kept there cannot be understood, ConfigError if an engine cannot be asked.
    """
    found: list[tuple[str, Run]] = []
    pods = Pods(settings.kubernetes, environ)
    if settings.files or pods.files is not None:
        found.append(("the log files", Tailer(settings, folder / FILES, around, pods.files).run))
    if pods.files is not None and pods.is_asked:
        found.append(("the pods of this node", pods.run))
    if settings.docker.socket is not None:
        found.append(("the containers", DockerTailer(settings, folder / DOCKER, around, environ).run))
    if settings.journal.read:
        found.append(("the journal", JournalTailer(settings.journal, folder / JOURNAL, around).run))
    return found
