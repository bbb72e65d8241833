"""Prometheus' configuration as settings of ours: within ``firstlight.yaml``, and as a ``prometheus.yml`` of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from firstlight.ingest.collect.settings import OwnScrapeSettings
from firstlight.ingest.scrape.client_settings import Section
from firstlight.ingest.scrape.global_settings import GlobalSettings
from firstlight.ingest.scrape.job import resolve
from firstlight.ingest.scrape.job_settings import JobSettings
from firstlight.ingest.scrape.other_sections import OtherSections, check_globs


def _fits_what_holds_for_all(job: JobSettings, info: ValidationInfo) -> JobSettings:
    of_all = info.data.get("of_all")
    # If that is wrong itself, it is told; nothing can be held against it.
    if isinstance(of_all, GlobalSettings):
        resolve(job, of_all)
    return job


class ScrapeSettings(Section):
    """What is scraped."""

    of_all: GlobalSettings = Field(default=GlobalSettings(), alias="global", description="what holds for all jobs")
    scrape_config_files: tuple[str, ...] = Field(
        default=(), description="files with more scrape_configs; the last part may have one *"
    )
    scrape_configs: tuple[Annotated[JobSettings, AfterValidator(_fits_what_holds_for_all)], ...] = Field(
        default=(), description="jobs: targets that are scraped in the same way"
    )

    @field_validator("scrape_config_files")
    @classmethod
    def _check_paths(cls, paths: tuple[str, ...]) -> tuple[str, ...]:
        return check_globs(paths)

    @field_validator("scrape_configs")
    @classmethod
    def _check_names(cls, jobs: tuple[JobSettings, ...]) -> tuple[JobSettings, ...]:
        seen: set[str] = set()
        for job in jobs:
            if job.job_name in seen:
                raise ValueError(f"there are two jobs called {job.job_name!r}; want each name once")
            seen.add(job.job_name)
        return jobs


class PrometheusFile(ScrapeSettings, OtherSections):
    """A whole ``prometheus.yml``."""

    @model_validator(mode="after")
    def _names_fit_what_holds_for_all(self) -> Self:
        for rule in self.relabel_settings():
            rule.check_names(legacy=self.of_all.is_legacy)
        strategy = self.otlp.translation_strategy
        if self.of_all.is_legacy and strategy and not strategy.escapes:
            raise ValueError(
                f"otlp.translation_strategy {strategy} makes names that metric_name_validation_scheme legacy refuses"
            )
        return self


class JobsFile(Section):
    """One of the files that ``scrape_config_files`` names."""

    scrape_configs: tuple[JobSettings, ...] = ()


class PrometheusSettings(ScrapeSettings, OwnScrapeSettings):
    """What is scraped, in the words of Prometheus' own configuration."""

    file: Path | None = Field(
        default=None, description="a prometheus.yml that says it, in place of what else is in this section"
    )
    kubernetes_annotations: bool = Field(
        default=False,
        description="scrape the pods and services of this Kubernetes cluster that have the annotation"
        " prometheus.io/scrape: true, as their annotations prometheus.io/port, path and scheme say",
    )

    @model_validator(mode="after")
    def _says_it_in_one_place(self) -> Self:
        found = [
            name
            for name, there in (
                ("global", self.of_all != GlobalSettings()),
                ("scrape_configs", self.scrape_configs),
                ("scrape_config_files", self.scrape_config_files),
            )
            if there
        ]
        if self.file and found:
            raise ValueError(f"file and {' and '.join(found)} exclude each other; want all of it in one place")
        return self
