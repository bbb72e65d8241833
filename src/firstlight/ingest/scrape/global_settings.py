"""What a Prometheus configuration says for all of its jobs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self, TypeAlias

from pydantic import Field, field_validator, model_validator

from firstlight.errors import brief
from firstlight.ingest.scrape.client_settings import Section
from firstlight.ingest.scrape.prometheus_units import Interval, Size
from firstlight.ingest.scrape.relabel import is_label_name

Protocol: TypeAlias = Literal[
    "PrometheusProto", "OpenMetricsText0.0.1", "OpenMetricsText1.0.0", "PrometheusText0.0.4", "PrometheusText1.0.0"
]
Validation: TypeAlias = Literal["utf8", "legacy"]
Escaping: TypeAlias = Literal["allow-utf-8", "underscores", "dots", "values"]

TEXT_PROTOCOLS: tuple[Protocol, ...] = (
    "OpenMetricsText1.0.0",
    "OpenMetricsText0.0.1",
    "PrometheusText1.0.0",
    "PrometheusText0.0.4",
)
"""What targets are asked for, the best first."""

PROTOBUF_FIRST: tuple[Protocol, ...] = ("PrometheusProto", *TEXT_PROTOCOLS)
"""What they are asked for where native histograms are wanted, which only protobuf carries."""

MINUTE = 60.0
DEFAULT_TIMEOUT = 10.0


class ScrapedSettings(Section):
    """What can be said for all jobs, and for each again."""

    scrape_interval: Interval | None = Field(default=None, description="how often targets are scraped")
    scrape_timeout: Interval | None = Field(default=None, description="how long a scrape may take")
    scrape_protocols: tuple[Protocol, ...] | None = Field(
        default=None, description="the formats that targets are asked for, the best first"
    )
    body_size_limit: Size = Field(default=0, description="bytes of a scrape, decompressed; 0 for any")
    sample_limit: int = Field(default=0, ge=0, description="samples of a scrape; 0 for any")
    target_limit: int = Field(default=0, ge=0, description="targets of a job; 0 for any")
    label_limit: int = Field(default=0, ge=0, description="labels of a sample; 0 for any")
    label_name_length_limit: int = Field(default=0, ge=0, description="bytes of a label's name; 0 for any")
    label_value_length_limit: int = Field(default=0, ge=0, description="bytes of a label's value; 0 for any")
    keep_dropped_targets: int = Field(default=0, ge=0, description="dropped targets that are shown; 0 for all")
    scrape_failure_log_file: Path | None = Field(default=None, description="not written; failures are in the log")
    scrape_native_histograms: bool | None = Field(default=None, description="take native histograms; false by default")
    convert_classic_histograms_to_nhcb: bool | None = Field(
        default=None, description="make native histograms with custom buckets of classic ones; false by default"
    )
    always_scrape_classic_histograms: bool | None = Field(
        default=None, description="take the classic histogram even where there is a native one; false by default"
    )
    extra_scrape_metrics: bool | None = Field(
        default=None, description="tell timeout, limits and sizes of scrapes as series too; false by default"
    )
    metric_name_validation_scheme: Validation | None = Field(
        default=None, description="which names are taken: utf8 (all, by default) or legacy"
    )
    metric_name_escaping_scheme: Escaping | None = Field(
        default=None, description="how targets are asked to write names that are not letters, digits and _"
    )

    @field_validator("metric_name_validation_scheme", "metric_name_escaping_scheme", mode="before")
    @classmethod
    def _blank_is_unset(cls, word: object) -> object:
        return None if word == "" else word

    @field_validator("scrape_protocols")
    @classmethod
    def _check_protocols(cls, protocols: tuple[Protocol, ...] | None) -> tuple[Protocol, ...] | None:
        if protocols is not None and (not protocols or len(set(protocols)) < len(protocols)):
            raise ValueError("found a list that is empty or has a protocol twice; want each at most once")
        return protocols


class GlobalSettings(ScrapedSettings):
    """What holds for all jobs that do not say otherwise."""

    evaluation_interval: Interval = Field(default=MINUTE, description="how often rules are evaluated")
    rule_query_offset: Interval = Field(default=0.0, description="how far back rules look")
    query_log_file: Path | None = Field(default=None, description="not written")
    external_labels: Mapping[str, str] = Field(
        default_factory=dict, description="labels for others to tell this server by; $NAME is the environment's"
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.scrape_timeout or 0) > self.interval:
            raise ValueError("scrape_timeout is longer than scrape_interval; want no longer")
        for name in self.external_labels:
            if not is_label_name(name, legacy=self.is_legacy):
                raise ValueError(f"cannot call an external label {brief(name)}; want letters, digits and underscores")
        return self

    @property
    def interval(self) -> float:
        """How often targets are scraped, in seconds."""
        return self.scrape_interval or MINUTE

    @property
    def timeout(self) -> float:
        """How long a scrape may take, in seconds."""
        return self.scrape_timeout or min(DEFAULT_TIMEOUT, self.interval)

    @property
    def is_legacy(self) -> bool:
        """Whether names are only letters, digits and underscores."""
        return self.metric_name_validation_scheme == "legacy"

    @property
    def escaping(self) -> Escaping:
        """How targets are asked to write other names."""
        return self.metric_name_escaping_scheme or ("underscores" if self.is_legacy else "allow-utf-8")
