"""From what discovery finds to what is scraped: labels, URL, and why something is not scraped.

Pure: the same group and job always give the same targets.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from urllib.parse import quote, urlencode

from firstlight.ingest.scrape.discovery.group import ADDRESS, TargetGroup
from firstlight.ingest.scrape.job import Job
from firstlight.ingest.scrape.prometheus_units import parse_duration, show_duration
from firstlight.ingest.scrape.relabel import relabel
from firstlight.model.regex import is_utf8

SCHEME, PATH = "__scheme__", "__metrics_path__"
INTERVAL, TIMEOUT = "__scrape_interval__", "__scrape_timeout__"
PARAMETER, META, RESERVED = "__param_", "__meta_", "__"
JOB, INSTANCE = "job", "instance"

_UNESCAPED_IN_PATH = "/:@!$&'()*+,;=~"


@dataclass(frozen=True, slots=True)
class Target:
    """One thing to scrape."""

    job: str
    labels: Mapping[str, str]
    """What all its samples are labelled with."""
    discovered: Mapping[str, str]
    """What it was labelled with before any rule."""
    url: str
    interval: float
    """Seconds."""
    timeout: float
    """Seconds."""
    key: int
    """The same for targets that are the same: 64 bits of a hash of labels and URL."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """What a rule dropped."""

    job: str
    discovered: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Invalid:
    """What cannot be scraped, and why."""

    job: str
    discovered: Mapping[str, str]
    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a job's groups come to. Of targets that are the same, one is kept."""

    targets: tuple[Target, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    invalid: tuple[Invalid, ...] = ()


def targets_of(groups: Iterable[TargetGroup], job: Job) -> Found:
    """Return the targets of all groups of a job."""
    targets: dict[int, Target] = {}
    dropped: list[Dropped] = []
    invalid: list[Invalid] = []
    for group in groups:
        for labels in group.targets:
            match target_of({**group.labels, **labels}, job, group.source):
                case Target() as target:
                    targets.setdefault(target.key, target)
                case Dropped() as drop:
                    dropped.append(drop)
                case Invalid() as fault:
                    invalid.append(fault)
    return Found(tuple(targets.values()), tuple(dropped), tuple(invalid))


def target_of(labels: Mapping[str, str], job: Job, source: str = "") -> Target | Dropped | Invalid:
    """Return the target that has these labels."""
    discovered = _completed(labels, job)
    made = relabel(discovered, job.relabel)
    if made is None:
        return Dropped(job.name, discovered)
    try:
        interval, timeout = _checked(made)
    except ValueError as error:
        return Invalid(job.name, discovered, source, str(error))
    kept = {name: value for name, value in made.items() if not name.startswith(META)}
    kept.setdefault(INSTANCE, made[ADDRESS])
    for name, value in kept.items():
        if not is_utf8(value):
            return Invalid(job.name, discovered, source, f"invalid label value for {json.dumps(name)}: {value!r}")
    public = {name: kept[name] for name in sorted(kept) if not name.startswith(RESERVED)}
    url = url_of(kept, job.params)
    return Target(job.name, public, discovered, url, interval, timeout, _key(kept, url))


def _completed(labels: Mapping[str, str], job: Job) -> dict[str, str]:
    made = {name: value for name, value in labels.items() if value}
    defaults = {
        JOB: job.name,
        INTERVAL: show_duration(job.interval),
        TIMEOUT: show_duration(job.timeout),
        PATH: job.path,
        SCHEME: job.scheme,
    }
    parameters = {f"{PARAMETER}{name}": values[0] for name, values in job.params.items() if values}
    return {name: value for name, value in sorted({**defaults, **made, **parameters}.items()) if value}


def _checked(labels: Mapping[str, str]) -> tuple[float, float]:
    address = labels.get(ADDRESS, "")
    if not address:
        raise ValueError("no address")
    if "/" in address:
        raise ValueError(f"{json.dumps(address, ensure_ascii=False)} is not a valid hostname")
    if labels.get(SCHEME, "http") not in ("http", "https"):
        raise ValueError(f"cannot scrape by the scheme {labels[SCHEME]!r}; want http or https")
    interval = _seconds(labels, INTERVAL, "interval")
    timeout = _seconds(labels, TIMEOUT, "timeout")
    if timeout > interval:
        told = f'"{labels[TIMEOUT]}" > "{labels[INTERVAL]}"'
        raise ValueError(f"scrape timeout cannot be greater than scrape interval ({told})")
    return interval, timeout


def _seconds(labels: Mapping[str, str], name: str, words: str) -> float:
    try:
        seconds = parse_duration(labels.get(name, ""))
    except ValueError as error:
        raise ValueError(f"error parsing scrape {words}: {error}") from None
    if not seconds:
        raise ValueError(f"scrape {words} cannot be 0")
    return seconds


def url_of(labels: Mapping[str, str], params: Mapping[str, tuple[str, ...]]) -> str:
    """Return the URL that the labels of a target say, with the other values of the job's parameters.

    As with Prometheus, a rule can change the first value of a parameter by its label, and not take it away.
    """
    told = {name: list(values) for name, values in params.items()}
    for name, value in labels.items():
        if name.startswith(PARAMETER):
            told[name.removeprefix(PARAMETER)] = [value, *told.get(name.removeprefix(PARAMETER), [])[1:]]
    query = urlencode(sorted((name, value) for name, values in told.items() for value in values))
    path = quote(labels.get(PATH, ""), safe=_UNESCAPED_IN_PATH)
    slash = "" if path.startswith("/") or not path else "/"
    return f"{labels.get(SCHEME, 'http')}://{labels[ADDRESS]}{slash}{path}{'?' if query else ''}{query}"


def _key(labels: Mapping[str, str], url: str) -> int:
    text = "\xff".join([f"{name}\xfe{labels[name]}" for name in sorted(labels)] + [url])
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def offset(target: Target, interval: int, seed: int) -> int:
    """Return when within each `interval` a target is scraped, in the units of `interval`.

    It depends on nothing but the target and the server's `seed`, so a restart keeps the schedule.
    """
    return (target.key ^ seed) % interval


def next_scrape(now: int, interval: int, at: int) -> int:
    """Return the first time after `now` that is `at` within its `interval`.

    >>> next_scrape(now=100, interval=15, at=7), next_scrape(now=112, interval=15, at=7)
    (112, 127)
    """
    start = now - now % interval + at
    return start if start > now else start + interval
