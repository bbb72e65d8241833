"""From settings to jobs: the files that they name are read, what holds for all is applied, paths become whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from glob import glob
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from firstlight.config.read import read
from firstlight.errors import Complaint, ConfigError
from firstlight.ingest.scrape.annotated import annotated_jobs
from firstlight.ingest.scrape.client_settings import ClientSettings
from firstlight.ingest.scrape.global_settings import GlobalSettings
from firstlight.ingest.scrape.job import Job, resolve
from firstlight.ingest.scrape.job_settings import JobSettings
from firstlight.ingest.scrape.settings import JobsFile, PrometheusFile, PrometheusSettings, ScrapeSettings

_VARIABLE = re.compile(r"\$(?:\{([^}]*)\}|([*#$@!?\-0-9]|[a-zA-Z_][a-zA-Z0-9_]*))", re.ASCII)

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be scraped."""

    jobs: tuple[Job, ...] = ()
    of_all: GlobalSettings = field(default_factory=GlobalSettings)
    external_labels: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()
    """What was asked for and is not done, each to be logged."""


def load(settings: PrometheusSettings, directory: Path, environ: Mapping[str, str]) -> Plan:
    """Return what the section ``prometheus`` says; raise `ConfigError` with every fault of the files it names.

    Relative paths are relative to `directory`, those in a file to the file's own.
    """
    if not settings.file:
        return _plan(settings, directory, "firstlight.yaml", environ, settings.kubernetes_annotations)
    return load_file(directory / settings.file, environ, kubernetes_annotations=settings.kubernetes_annotations)


def load_file(path: Path, environ: Mapping[str, str], *, kubernetes_annotations: bool = False) -> Plan:
    """Return what a ``prometheus.yml`` says; raise `ConfigError` with every fault in it."""
    settings = read(PrometheusFile, path=path)
    return _plan(settings, path.parent, str(path), environ, kubernetes_annotations, tuple(settings.unused()))


def _plan(
    settings: ScrapeSettings,
    directory: Path,
    source: str,
    environ: Mapping[str, str],
    annotations: bool,
    warnings: tuple[str, ...] = (),
) -> Plan:
    of_all = settings.of_all
    found = [(source, within(job, directory)) for job in settings.scrape_configs]
    files = [(pattern, _matching(pattern, directory)) for pattern in settings.scrape_config_files]
    found += [job for _, names in files for name in names for job in _in_file(name)]
    found += [("kubernetes_annotations", job) for job in annotated_jobs()] if annotations else []
    jobs, sources, complaints = [], dict[str, str](), list[Complaint]()
    for place, job in found:
        if other := sources.get(job.job_name):
            words = f"there is a job called {job.job_name!r} in {other} already; want each name once"
            complaints.append(Complaint(place, "scrape_configs", words))
            continue
        sources[job.job_name] = place
        try:
            jobs.append(resolve(job, of_all))
        except ValueError as error:
            complaints.append(Complaint(place, "scrape_configs", str(error)))
    if complaints:
        raise ConfigError(*complaints)
    labels = tuple(sorted((name, _expanded(value, environ)) for name, value in of_all.external_labels.items()))
    return Plan(tuple(jobs), of_all, labels, (*warnings, *_of_files(files), *_of_global(of_all), *_of_jobs(jobs)))


def _matching(pattern: str, directory: Path) -> list[str]:
    return sorted(glob(str(directory / pattern)))  # noqa: PTH207 - the pattern may be absolute


def _in_file(name: str) -> Iterator[tuple[str, JobSettings]]:
    for job in read(JobsFile, path=Path(name)).scrape_configs:
        yield name, within(job, Path(name).parent)


def within(model: Model, directory: Path) -> Model:
    """Return `model` with its relative paths taken as relative to `directory`."""
    changed = {name: _within(value, directory) for name, value in model if _holds_paths(value)}
    return model.model_copy(update=changed) if changed else model


def _holds_paths(value: Any) -> bool:
    match value:
        case Path() | BaseModel():
            return True
        case tuple():
            return any(map(_holds_paths, value))
        case dict():
            return any(map(_holds_paths, value.values()))
    return False


def _within(value: Any, directory: Path) -> Any:
    match value:
        case Path():
            # An empty path is as good as none.
            return directory / value if value != Path() else value
        case BaseModel():
            return within(value, directory)
        case tuple():
            return tuple(_within(entry, directory) for entry in value)
        case dict():
            return {name: _within(entry, directory) for name, entry in value.items()}
    return value


def _expanded(text: str, environ: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        name = found[1] if found[1] is not None else found[2]
        return "$" if name == "$" else environ.get(name, "")

    return _VARIABLE.sub(value, text)


def _of_files(files: list[tuple[str, list[str]]]) -> Iterator[str]:
    for pattern, names in files:
        if not names:
            yield f"scrape_config_files: there is no file {pattern}; nothing is scraped by it"


def _of_global(of_all: GlobalSettings) -> Iterator[str]:
    for name in ("query_log_file", "scrape_failure_log_file"):
        if getattr(of_all, name):
            yield f"global.{name}: such a file is not written"


def _of_jobs(jobs: list[Job]) -> Iterator[str]:
    for job in jobs:
        for kind in job.settings.foreign_kinds:
            yield f"job {job.name!r}: {kind}_sd_configs is not supported; none of its targets are discovered or scraped"
        for name in ("native_histogram_bucket_limit", "native_histogram_min_bucket_factor"):
            if getattr(job.settings, name):
                yield f"job {job.name!r}: {name} is not applied; native histograms are kept as they are exposed"
        if job.settings.scrape_failure_log_file:
            yield f"job {job.name!r}: scrape_failure_log_file is not written; failures are in the log"
        discovery = (*job.settings.http_sd_configs, *job.settings.consul_sd_configs, *job.settings.docker_sd_configs)
        clients: tuple[ClientSettings, ...] = (job.client, *discovery, *job.settings.kubernetes_sd_configs)
        if any(client.oauth2 and client.oauth2.is_signed for client in clients):
            yield f"job {job.name!r}: oauth2 with signed requests is not supported; what needs such a token fails"
