"""What can be chosen about a run of the demo."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from firstlight.demo.timetable import Scenario, Timetable, timetable_of

HOST_AND_PORT = re.compile(r"(https?://)?[^/:\s]+:\d{1,5}")


class DemoSettings(BaseModel):
    """One run of the demo."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    server: str = Field(
        default="http://127.0.0.1:1610", description="the firstlight server that the printed commands ask"
    )
    otlp_grpc: str = Field(
        default="127.0.0.1:4317", description="where the inventory sends its telemetry, by OTLP/gRPC"
    )
    otlp_http: str = Field(default="http://127.0.0.1:4318", description="where the others send theirs, by OTLP/HTTP")
    rate: float = Field(default=5.0, gt=0, le=200, description="visitors per second, on average")
    duration: float | None = Field(
        default=None, gt=0, description="seconds until the demo stops by itself; else until Ctrl-C"
    )
    scenario: Scenario | Literal["all", "none"] = Field(
        default="all", description="what goes wrong: one thing, all in turn, or nothing"
    )
    calm: float = Field(default=10.0, gt=0, description="seconds of calm before each misbehaviour")
    episode: float = Field(default=20.0, gt=0, description="seconds each misbehaviour lasts")
    seed: int = Field(default=1, description="makes the visitors the same again in the next run")
    port: int = Field(
        default=0, ge=0, le=65532, description="the storefront's port, the others take the next three; 0: free ones"
    )
    work_dir: Path | None = Field(
        default=None,
        description="where the database and the JSON log files go; else a temporary place, removed at the end",
    )

    @field_validator("otlp_grpc")
    @classmethod
    def _check_host_and_port(cls, value: str) -> str:
        if not HOST_AND_PORT.fullmatch(value):
            raise ValueError("want HOST:PORT")
        return value

    @field_validator("otlp_http", "server")
    @classmethod
    def _check_url(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("want a URL that starts with http:// or https://")
        return value.rstrip("/")

    @property
    def timetable(self) -> Timetable:
        """When what goes wrong."""
        return timetable_of(self.scenario, calm_s=self.calm, episode_s=self.episode)
