"""What can be set about log files that are read as they grow."""

from __future__ import annotations

import codecs
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from firstlight.config.units import ByteSize, Duration
from firstlight.errors import brief
from firstlight.model.regex import BadRegex, check

MIB: Final = 1024 * 1024


class FileSource(BaseModel):
    """Files that are read alike."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    paths: Annotated[list[str], Field(min_length=1)] = Field(
        description="the files: patterns with *, ?, [ ], and ** for any folders; .gz, .zst, .bz2 and .xz are unpacked"
    )
    exclude: list[str] = Field(default=[], description="patterns of files that are not read")
    service: str | None = Field(
        default=None, description="the service whose logs they are; null for what the file is called without its ending"
    )
    labels: dict[str, str] = Field(default={}, description="labels of their streams, beside service_name and filename")
    encoding: str = Field(default="utf-8", description="how their texts are written, such as utf-16 or latin-1")
    multiline: str = Field(
        default="auto",
        description=(
            "which lines belong together: auto for stack traces and what is indented, none for each line by itself,"
            " or a regular expression that the first line of each record matches"
        ),
    )
    start: Literal["beginning", "end"] = Field(
        default="beginning", description="where to begin in files that are there at the first start"
    )

    @field_validator("encoding")
    @classmethod
    def _check_encoding(cls, name: str) -> str:
        try:
            return codecs.lookup(name).name
        except LookupError:
            raise ValueError(f"{brief(name)} is no encoding; want such as utf-8, utf-16 or latin-1") from None

    @field_validator("multiline")
    @classmethod
    def _check_multiline(cls, pattern: str) -> str:
        if pattern not in ("auto", "none"):
            try:
                check(pattern)
            except BadRegex as error:
                raise ValueError(f"{brief(pattern)} is no regular expression: {error}") from None
        return pattern


class TailSettings(BaseModel):
    """Which log files are read, and how."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    files: list[FileSource] = Field(default=[], description="log files that are read as they grow")
    poll: Duration = Field(default=0.5, ge=0.05, description="how often files are looked at for what is new")
    discover: Duration = Field(default=5.0, ge=0.1, description="how often it is looked for new files")
    wait: Duration = Field(
        default=1.0, ge=0, description="how long the last line of a file waits for others that belong to it, or its end"
    )
    max_line: ByteSize = Field(
        default=MIB, ge=1024, description="bytes that a line or record may have; what is longer is cut, and says so"
    )
    max_read: ByteSize = Field(default=4 * MIB, ge=64 * 1024, description="bytes that are read and stored at a time")
    max_files: int = Field(
        default=10_000, ge=1, description="files that are followed; more are left out and complained of"
    )
