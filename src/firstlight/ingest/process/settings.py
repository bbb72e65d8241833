"""What can be set about what becomes of log records on their way in."""

from __future__ import annotations

from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from firstlight.config.units import Duration
from firstlight.errors import brief
from firstlight.ingest.process.pipeline_settings import PipelineSettings
from firstlight.ingest.process.redaction_settings import RedactionSettings
from firstlight.ingest.process.times import Zone


class ProcessSettings(BaseModel):
    """How lines are understood, what is hidden in them, and which pipelines they go through."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    recognise: bool = Field(
        default=True, description="find fields, level, time and ids of traces in lines, whatever wrote them"
    )
    unwrap: bool = Field(default=True, description="take off what a container runtime has put around lines")
    take_times: bool = Field(default=True, description="take the time that a line says, if its sender says none")
    take_services: bool = Field(
        default=True, description="take the service that a line names, if its sender names none"
    )
    timezone: str = Field(default="UTC", description="the zone of times in lines that do not say theirs")
    max_ahead: Duration = Field(default=86_400.0, description="a time in a line that is so much ahead is not taken")
    max_age: Duration = Field(default=3650 * 86_400.0, description="a time in a line that is so old is not taken")
    redaction: RedactionSettings = RedactionSettings()
    pipelines: tuple[PipelineSettings, ...] = Field(
        default=(), description="stages that the lines of some streams go through, as Promtail's"
    )

    @field_validator("timezone")
    @classmethod
    def _check_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(
                f"cannot find the time zone {brief(name)}; want one such as UTC or Europe/Berlin"
            ) from None
        return name

    @model_validator(mode="after")
    def _names_pipelines_once(self) -> Self:
        names = [one.name for one in self.pipelines]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise ValueError(f"there are two pipelines called {twice}; want each name once")
        return self

    @property
    def zone(self) -> Zone:
        """The zone of times that do not say theirs."""
        return Zone() if self.timezone == "UTC" else Zone(ZoneInfo(self.timezone))
