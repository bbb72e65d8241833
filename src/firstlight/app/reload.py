"""What a running server takes over from new settings. All else needs a restart, and the log says so."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from firstlight.app.logs import configure
from firstlight.app.settings import Settings
from firstlight.config.dump import changed
from firstlight.ingest.admission import Admission
from firstlight.store.retention import Retention
from firstlight.wire.census import Census

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reloadable:
    """The parts of a running server that can be told new settings."""

    admission: Admission
    retention: Retention
    census: Census

    def take_over(self, old: Settings, new: Settings) -> Settings:
        """Tell each part what is new for it, and return the settings that are in force then."""
        now = in_force(old, new)
        if now.logging != old.logging:
            configure(now.logging)
        self.admission.settings = now.ingest
        self.retention.settings = now.retention
        if now.ingest.series_limits != old.ingest.series_limits:
            self.census.limits = now.ingest.series_limits
        _log.info("settings reloaded: %s", ", ".join(changed(old, now)) or "nothing new to take over")
        if waiting := changed(now, new):
            _log.warning("settings that need a restart to change: %s", ", ".join(waiting))
        return now


def in_force(old: Settings, new: Settings) -> Settings:
    """Return what of `new` a server that was started with `old` can take over, and `old` otherwise."""
    # There for good are the threads, and what grpc and the receivers were told.
    fixed = {name: getattr(old.ingest, name) for name in ("workers", "max_decompressed", "max_json")}
    return old.model_copy(
        update={
            "ingest": new.ingest.model_copy(update=fixed),
            "logging": new.logging,
            "prometheus": new.prometheus,
            "retention": new.retention,
        }
    )
