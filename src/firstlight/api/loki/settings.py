"""What can be set about Loki's HTTP API."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class LokiApiSettings(BaseModel):
    """What Loki's API allows, and how much of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    deletion: bool = Field(
        default=False, description="allow /loki/api/v1/delete, which deletes lines; off unless asked for, as in Loki"
    )
    max_tails: int = Field(default=100, ge=1, description="who may follow /loki/api/v1/tail at once")
    tail_room: int = Field(
        default=20_000, ge=1, description="records that may wait for one who follows; beyond it the oldest go"
    )
