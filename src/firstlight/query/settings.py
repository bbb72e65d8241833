"""What can be set about queries: how long they may take, and how much."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from firstlight.config.units import ByteSize, Duration

MIB = 1024**2


class QuerySettings(BaseModel):
    """What one query may take, and all together."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_time: Duration = Field(default=30.0, ge=0.001, le=86_400, description="how long a query may run")
    max_memory: ByteSize = Field(default=256 * MIB, ge=MIB, description="memory of the engine that a query may use")
    max_rows: int = Field(
        default=10_000,
        ge=1,
        le=10_000_000,
        description="rows of an answer in JSON; what is more is cut off, and that is said",
    )
    max_export_rows: int = Field(
        default=1_000_000,
        ge=1,
        description="rows of an answer in NDJSON, CSV or Arrow; a query with more of them fails",
    )
    max_result_size: ByteSize = Field(
        default=64 * MIB, ge=1024, description="bytes of an answer; a query with more fails"
    )
    max_query_size: ByteSize = Field(
        default=256 * 1024, ge=1024, le=16 * MIB, description="bytes of the text of a query"
    )
    max_running: int = Field(
        default=4, ge=1, le=256, description="queries that run at the same time; more wait for their turn"
    )
    max_waiting: int = Field(
        default=32, ge=0, le=10_000, description="queries that may wait; more are told to come back later"
    )
    slow: Duration = Field(default=5.0, ge=0, description="a query that takes as long is logged")
    sql_role: str | None = Field(
        default=None,
        pattern="^[A-Za-z_][A-Za-z0-9_]*$",
        description="the role, on a ClickHouse server, that the SQL of users runs with; the engine inside has its own",
    )
