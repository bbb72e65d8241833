"""A job as it is carried out: what its own settings and the global ones come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from firstlight.ingest.scrape.client_settings import ClientSettings
from firstlight.ingest.scrape.global_settings import (
    PROTOBUF_FIRST,
    TEXT_PROTOCOLS,
    Escaping,
    GlobalSettings,
    Protocol,
    Validation,
)
from firstlight.ingest.scrape.job_settings import JobSettings
from firstlight.ingest.scrape.prometheus_units import show_duration
from firstlight.ingest.scrape.relabel import Rule


@dataclass(frozen=True, slots=True)
class Limits:
    """What a scrape of a job may hold; 0 for anything."""

    body_size: int = 0
    samples: int = 0
    targets: int = 0
    labels: int = 0
    label_name_length: int = 0
    label_value_length: int = 0
    dropped_targets: int = 0
    native_histogram_buckets: int = 0
    native_histogram_bucket_factor: float = 0.0


@dataclass(frozen=True, slots=True)
class Job:
    """What is scraped, and how."""

    name: str
    interval: float
    """Seconds."""
    timeout: float
    """Seconds."""
    protocols: tuple[Protocol, ...]
    fallback_protocol: Protocol | None
    validation: Validation
    escaping: Escaping
    honor_labels: bool
    honor_timestamps: bool
    track_timestamps_staleness: bool
    native_histograms: bool
    convert_classic_histograms: bool
    always_classic_histograms: bool
    extra_metrics: bool
    compression: bool
    scheme: str
    path: str
    params: Mapping[str, tuple[str, ...]]
    limits: Limits
    client: ClientSettings
    relabel: tuple[Rule, ...]
    metric_relabel: tuple[Rule, ...]
    settings: JobSettings
    """As they were written; discovery is started from them."""

    @property
    def is_legacy(self) -> bool:
        """Whether names are only letters, digits and underscores."""
        return self.validation == "legacy"


def resolve(job: JobSettings, of_all: GlobalSettings) -> Job:
    """Return what the settings come to; raise `ValueError` if they contradict each other or what holds for all."""
    interval = job.scrape_interval or of_all.interval
    if (job.scrape_timeout or 0) > interval:
        raise ValueError(
            f"job {job.job_name!r}: its scrape_timeout of {show_duration(job.scrape_timeout or 0)} is longer than"
            f" its scrape_interval of {show_duration(interval)}; want no longer"
        )
    validation, escaping = _names(job, of_all)
    for rule in (*job.relabel_configs, *job.metric_relabel_configs):
        rule.check_names(legacy=validation == "legacy")
    native = _first(job.scrape_native_histograms, of_all.scrape_native_histograms)
    legacy = validation == "legacy"
    return Job(
        name=job.job_name,
        interval=interval,
        timeout=job.scrape_timeout or min(of_all.timeout, interval),
        protocols=job.scrape_protocols or of_all.scrape_protocols or (PROTOBUF_FIRST if native else TEXT_PROTOCOLS),
        fallback_protocol=job.fallback_scrape_protocol,
        validation=validation,
        escaping=escaping,
        honor_labels=job.honor_labels,
        honor_timestamps=job.honor_timestamps,
        track_timestamps_staleness=job.track_timestamps_staleness,
        native_histograms=native,
        convert_classic_histograms=_first(
            job.convert_classic_histograms_to_nhcb, of_all.convert_classic_histograms_to_nhcb
        ),
        always_classic_histograms=_first(job.always_scrape_classic_histograms, of_all.always_scrape_classic_histograms),
        extra_metrics=_first(job.extra_scrape_metrics, of_all.extra_scrape_metrics),
        compression=job.enable_compression,
        scheme=job.scheme,
        path=job.metrics_path,
        params=job.params,
        limits=_limits(job, of_all),
        client=job.client,
        relabel=tuple(rule.rule(legacy=legacy) for rule in job.relabel_configs),
        metric_relabel=tuple(rule.rule(legacy=legacy) for rule in job.metric_relabel_configs),
        settings=job,
    )


def _first(own: bool | None, of_all: bool | None) -> bool:
    return bool(of_all if own is None else own)


def _names(job: JobSettings, of_all: GlobalSettings) -> tuple[Validation, Escaping]:
    validation: Validation = job.metric_name_validation_scheme or of_all.metric_name_validation_scheme or "utf8"
    escaping: Escaping
    if job.metric_name_escaping_scheme:
        escaping = job.metric_name_escaping_scheme
    elif job.metric_name_validation_scheme:
        escaping = "underscores" if validation == "legacy" else "allow-utf-8"
    else:
        escaping = of_all.escaping
    if escaping == "allow-utf-8" and validation == "legacy":
        raise ValueError(
            f"job {job.job_name!r}: metric_name_escaping_scheme allow-utf-8 asks for names that"
            " metric_name_validation_scheme legacy refuses; want underscores, dots or values"
        )
    return validation, escaping


def _limits(job: JobSettings, of_all: GlobalSettings) -> Limits:
    return Limits(
        body_size=job.body_size_limit or of_all.body_size_limit,
        samples=job.sample_limit or of_all.sample_limit,
        targets=job.target_limit or of_all.target_limit,
        labels=job.label_limit or of_all.label_limit,
        label_name_length=job.label_name_length_limit or of_all.label_name_length_limit,
        label_value_length=job.label_value_length_limit or of_all.label_value_length_limit,
        dropped_targets=job.keep_dropped_targets or of_all.keep_dropped_targets,
        native_histogram_buckets=job.native_histogram_bucket_limit,
        native_histogram_bucket_factor=job.native_histogram_min_bucket_factor,
    )
