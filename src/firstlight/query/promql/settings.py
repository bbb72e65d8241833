"""What can be set about PromQL."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from firstlight.config.units import ByteSize, Duration

MIB = 1024**2


class PromqlSettings(BaseModel):
    """How PromQL is evaluated; the defaults are Prometheus' own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lookback: Duration = Field(
        default=300.0, ge=0.001, le=86_400, description="how old a sample may be that an instant selector finds"
    )
    subquery_step: Duration = Field(
        default=60.0, ge=0.001, le=86_400, description="the step of subqueries that name none"
    )
    timeout: Duration = Field(
        default=120.0, ge=0.001, le=86_400, description="how long a query may take; a request may ask for less"
    )
    max_samples: int = Field(default=50_000_000, ge=1, description="samples that one query may load")
    cache_size: ByteSize = Field(
        default=64 * MIB,
        ge=0,
        description="values of queries that are remembered, so that of one that is asked again only new steps are"
        " computed; 0 remembers none",
    )
    recent_size: ByteSize = Field(
        default=128 * MIB,
        ge=0,
        description="samples of the last two hours that are kept in memory, of series that are asked for; 0 keeps none",
    )
    experimental: bool = Field(
        default=False,
        description="understand what Prometheus has behind feature flags: experimental functions, limitk,"
        " limit_ratio, anchored, smoothed, fill",
    )
    delayed_name_removal: bool = Field(
        default=False, description="remove metric names at the end of a query only (promql-delayed-name-removal)"
    )
    start_timestamps: bool = Field(
        default=False, description="let rate and its like count from where a counter began (use-start-timestamps)"
    )
    explicit_histograms: bool = Field(
        default=False,
        description="show explicit histograms that came by OTLP whole, too, and not only as _bucket, _sum and _count",
    )
