"""All settings, each section from the room that it sets."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from firstlight.app.logs import LogSettings
from firstlight.http.settings import HttpSettings
from firstlight.ingest.settings import IngestSettings, OtlpSettings
from firstlight.store.settings import RetentionSettings, StoreSettings


class Settings(BaseModel):
    """Everything that can be set about a server."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Path = Field(Path("firstlight-data"), description="the directory that everything is kept in, made if need be")
    compat: bool = Field(
        False,
        description="open the well-known ports of the systems whose protocols are served, beside OTLP's; "
        "this version serves no such protocol yet",
    )
    http: HttpSettings = HttpSettings()
    otlp: OtlpSettings = OtlpSettings()
    ingest: IngestSettings = IngestSettings()
    store: StoreSettings = StoreSettings()
    retention: RetentionSettings = RetentionSettings()
    logging: LogSettings = LogSettings()

    @property
    def store_url(self) -> str:
        """Where the store is: where it is said to be, or in the data directory."""
        return self.store.url or f"chdb://{quote(str(self.data.absolute() / 'store'))}"
