"""What can be set about LogQL. The defaults are Loki's own."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from firstlight.config.units import Duration


class LogqlSettings(BaseModel):
    """How LogQL is evaluated, and how much of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    timeout: Duration = Field(
        default=60.0, ge=0.001, le=86_400, description="how long a query may take; a request may ask for less"
    )
    max_series: int = Field(default=500, ge=1, description="series that the answer to one metric query may have")
    max_streams: int = Field(default=200_000, ge=1, description="streams that one selector may match")
    max_entries: int = Field(default=5_000, ge=0, description="lines that one query may ask for; 0: any number")
    max_lines: int = Field(
        default=20_000_000, ge=1, description="lines that one metric query may read that the engine cannot aggregate"
    )
    max_steps: int = Field(default=11_000, ge=1, description="steps that a range query may have")
    detected_level: bool = Field(
        default=True, description="give lines the label detected_level, as Loki does, made of their severity"
    )
    any_field: bool = Field(
        default=True,
        description="let selectors name what is no label of any stream: attributes, fields found in lines, resources",
    )
