"""What can be set about the store: where it is, what it may use, and how long it keeps what."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator

from firstlight.config.units import ByteSize, Duration, Percentage
from firstlight.store.location import parse

DAY = 86_400.0
MIB = 1024**2


class WriterSettings(BaseModel):
    """How requests are gathered into inserts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_delay: Duration = Field(
        default=0.1, ge=0, le=10, description="how long rows may wait for others to be inserted with; more saves CPU"
    )
    settle: Duration = Field(
        default=0.005,
        ge=0,
        le=10,
        description="an insert does not wait for others any longer when none came for this long",
    )
    max_block_rows: int = Field(
        default=200_000, ge=1, le=10_000_000, description="rows that start an insert without a wait"
    )
    max_block_bytes: ByteSize = Field(
        default=8 * MIB,
        ge=1024,
        description="bytes of rows that start an insert without a wait; it needs three times that",
    )
    max_queue_bytes: ByteSize = Field(
        default=128 * MIB,
        ge=1024,
        description="bytes of rows that may wait or be on their way to disk; senders are told to slow down above",
    )
    min_free_disk: Percentage = Field(
        default=0.02,
        description="what of the disk must be free for anything to be taken in; below, senders are told to try later",
    )


class StoreSettings(BaseModel):
    """Where telemetry is kept, and what the engine may use."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str | None = Field(
        default=None,
        repr=False,  # it may hold a password
        description="chdb:///directory for the engine inside this process, or clickhouse://user:password@host:8123/database"
        " (clickhouses:// with TLS) for a server; by default the engine inside, in the data directory",
    )
    memory: ByteSize = Field(
        default=512 * MIB,
        ge=128 * MIB,
        description="what the engine inside this process may use; a query that needs more fails",
    )
    readers: int = Field(
        default=4, ge=1, le=256, description="queries that run at the same time; more wait for their turn"
    )
    writer: WriterSettings = WriterSettings()

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str | None) -> str | None:
        if url is not None:
            parse(url)
        return url


class RetentionSettings(BaseModel):
    """What is kept for how long. Days are dropped whole, the oldest first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    logs: Duration = Field(default=30 * DAY, gt=0, description="how long log records are kept, by their own time")
    traces: Duration = Field(default=14 * DAY, gt=0, description="how long spans are kept, by their own time")
    metrics: Duration = Field(default=90 * DAY, gt=0, description="how long data points are kept, by their own time")
    max_disk_bytes: ByteSize | None = Field(
        default=None, ge=MIB, description="bytes on disk of all telemetry; the oldest days go when it is more"
    )
    min_free_disk: Percentage = Field(
        default=0.10, description="what of the disk is to be free; the oldest days go when it is less"
    )
    check_interval: Duration = Field(default=60.0, ge=1, description="how often retention looks")
