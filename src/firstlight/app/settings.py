"""All settings, each section from the room that it sets."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from firstlight.api.loki.settings import LokiApiSettings
from firstlight.api.prometheus.settings import PrometheusApiSettings
from firstlight.app.logs import LogSettings
from firstlight.http.settings import HttpSettings, PortSettings
from firstlight.ingest.loki import LokiPushSettings
from firstlight.ingest.process.settings import ProcessSettings
from firstlight.ingest.scrape.settings import PrometheusSettings
from firstlight.ingest.settings import IngestSettings, OtlpSettings, PushSettings
from firstlight.ingest.sockets.settings import LogSocketSettings
from firstlight.ingest.tail.settings import TailSettings
from firstlight.query.logql.settings import LogqlSettings
from firstlight.query.logs.derived_settings import LogMetrics
from firstlight.query.promql.settings import PromqlSettings
from firstlight.query.settings import QuerySettings
from firstlight.store.settings import RetentionSettings, StoreSettings


class Settings(BaseModel):
    """Everything that can be set about a server."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Path = Field(
        default=Path("firstlight-data"), description="the directory that everything is kept in, made if need be"
    )
    compat: bool = Field(
        default=False,
        description="open the well-known ports of the systems whose protocols are served, beside OTLP's; "
        "`ports` says each alone",
    )
    http: HttpSettings = HttpSettings()
    ports: PortSettings = PortSettings()
    otlp: OtlpSettings = OtlpSettings()
    push: PushSettings = PushSettings()
    prometheus: PrometheusSettings = PrometheusSettings()
    logs: ProcessSettings = ProcessSettings()
    log_sockets: LogSocketSettings = LogSocketSettings()
    tail: TailSettings = TailSettings()
    loki: LokiPushSettings = LokiPushSettings()
    ingest: IngestSettings = IngestSettings()
    store: StoreSettings = StoreSettings()
    retention: RetentionSettings = RetentionSettings()
    query: QuerySettings = QuerySettings()
    promql: PromqlSettings = PromqlSettings()
    prometheus_api: PrometheusApiSettings = PrometheusApiSettings()
    logql: LogqlSettings = LogqlSettings()
    loki_api: LokiApiSettings = LokiApiSettings()
    log_metrics: LogMetrics = ()
    logging: LogSettings = LogSettings()

    @property
    def store_directory(self) -> Path:
        """Where the store is, if it is not elsewhere by its URL."""
        return self.data.absolute() / "store"

    @model_validator(mode="after")
    def _listens_on_different_ports(self) -> Self:
        taken = {"http.listen": self.http.listen}
        ports = {f"ports.{name}": getattr(self.ports, name) for name in PortSettings.model_fields}
        sockets = {f"log_sockets.{name}": address for name, address in self.log_sockets.streams.items()}
        for name, address in {"otlp.http": self.otlp.http, "otlp.grpc": self.otlp.grpc, **ports, **sockets}.items():
            other = next((one for one, at in taken.items() if address and address.port and at == address), None)
            if other:
                also = f", or null for {name}, whose requests {other} takes as well" if name == "otlp.http" else ""
                raise ValueError(f"{other} and {name} are both {address}; want another port{also}")
            if address:
                taken[name] = address
        return self
