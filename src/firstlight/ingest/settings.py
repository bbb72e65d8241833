"""What can be set about the way in."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from firstlight.config.units import ByteSize, Duration, ListenAddress, show_byte_size

MIB = 1024 * 1024


class IngestSettings(BaseModel):
    """How much is taken at once, of all protocols together."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_body: ByteSize = Field(64 * MIB, ge=1024, description="bytes of one request's body, as it is sent")
    max_decompressed: ByteSize = Field(64 * MIB, ge=1024, description="bytes of one request's body, decompressed")
    max_in_flight: ByteSize = Field(
        160 * MIB, description="bytes of request bodies in memory; beyond it senders are told to try again later"
    )
    max_requests: int = Field(512, ge=1, description="requests that are read, decoded or stored at one time")
    workers: int = Field(2, ge=1, le=64, description="threads that decompress and decode")
    retry_after: Duration = Field(1.0, ge=0.1, description="how long senders are told to wait when there is too much")

    @model_validator(mode="after")
    def _one_request_fits(self) -> Self:
        largest = self.max_body + self.max_decompressed
        if self.max_in_flight < largest:
            raise ValueError(
                f"max_in_flight is {show_byte_size(self.max_in_flight)}, and one request of the largest size needs "
                f"max_body + max_decompressed; want {show_byte_size(largest)} or more"
            )
        return self


class OtlpSettings(BaseModel):
    """Where OTLP is taken, besides the main address."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    grpc: ListenAddress | None = Field(
        ListenAddress("127.0.0.1", 4317), description="where OTLP/gRPC is taken; null for nowhere"
    )
    http: ListenAddress | None = Field(
        ListenAddress("127.0.0.1", 4318),
        description="where OTLP/HTTP is taken, which the main address takes as well; null for nowhere else",
    )
