"""What can be set about the HTTP server."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from firstlight.config.units import ByteSize, Duration, ListenAddress


class HttpSettings(BaseModel):
    """How the HTTP server listens, and how long it waits for whom."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    listen: ListenAddress = Field(
        ListenAddress("127.0.0.1", 1610),
        description="where every HTTP API answers, OTLP included; port 0 takes any that is free",
    )
    max_connections: int = Field(
        1000, ge=1, le=100_000, description="open connections, of all HTTP listeners together; more are told 503"
    )
    max_header_size: ByteSize = Field(
        64 * 1024, ge=1024, description="bytes of a request's first line and headers; more are told 431"
    )
    header_timeout: Duration = Field(
        10.0, gt=0, description="how long a request's headers may take to come, from its first byte"
    )
    body_timeout: Duration = Field(60.0, gt=0, description="how long a request's body may take to come")
    idle_timeout: Duration = Field(75.0, gt=0, description="how long a connection may stay open between requests")
    write_timeout: Duration = Field(
        60.0, gt=0, description="how long a client may take nothing of an answer before its connection is closed"
    )
    stop_timeout: Duration = Field(
        20.0, gt=0, description="how long requests under way may take to finish when the server stops"
    )
    access_log: bool = Field(False, description="log a line for each request")
