"""What can be set about Prometheus' HTTP API."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict, Field, field_validator


class PrometheusApiSettings(BaseModel):
    """What Prometheus' API allows; the defaults are those of Prometheus."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    admin: bool = Field(default=False, description="allow /api/v1/admin/tsdb, which deletes series and makes snapshots")
    lifecycle: bool = Field(default=False, description="allow /-/reload, which reads the settings again")
    cors_origin: str = Field(
        default=".*", description="a regular expression of the origins whose web pages may read answers"
    )

    @field_validator("cors_origin")
    @classmethod
    def _check_origin(cls, origin: str) -> str:
        try:
            re.compile(origin)
        except re.error as error:
            raise ValueError(f"{origin!r} is no regular expression: {error}") from None
        return origin
