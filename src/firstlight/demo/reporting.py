"""What the demo prints: who listens where, what goes wrong when, and what to type to see it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from firstlight.demo.cast import SERVICES, STORIES
from firstlight.demo.messages import Failed, Tally
from firstlight.demo.settings import DemoSettings
from firstlight.demo.timetable import Occurrence, Timetable

DEFAULT_SERVER = DemoSettings().server
REACHABLE = "telemetry is sent again: somebody listens where it goes"
"""The line said when the server is back."""


def opening(settings: DemoSettings, urls: Mapping[str, str], work_dir: Path) -> Iterator[str]:
    """Yield the lines printed when the shop opens."""
    until = f"for {settings.duration:g} s" if settings.duration else "until Ctrl-C"
    yield f"The demo shop is open {until}; {settings.rate:g} visitors a second come to {urls['storefront']}"
    for service in SERVICES:
        target = settings.otlp_grpc if service.protocol == "grpc" else settings.otlp_http
        sends = f"OTLP/{'gRPC' if service.protocol == 'grpc' else 'HTTP'} to {target}"
        yield f"  {service.name:<11} {urls[service.name]}   {sends}"
    yield f"  Each has /metrics too, and writes its log as JSON lines to {work_dir}/<service>.log"
    yield ""
    yield from timetable_lines(settings.timetable)
    yield ""
    yield "To see a failing request, from its trace to its logs:"
    yield f"  {command(settings, 'traces', '--service', 'checkout', '--error')}"
    yield f"  {command(settings, 'traces')} <trace id>"
    yield f"  {command(settings, 'logs', '--trace')} <trace id>"
    yield ""


def timetable_lines(timetable: Timetable) -> Iterator[str]:
    """Yield the timetable, a line for each episode of a round."""
    if not timetable.scenarios:
        yield "Nothing goes wrong on purpose (--scenario none)."
        return
    yield f"What goes wrong, in rounds of {clock(timetable.round_s)} minutes:"
    for episode in timetable.first_round():
        story = STORIES[episode.scenario]
        when = f"{clock(episode.since_s)}-{clock(episode.until_s)}"
        yield f"  {when:<11} {episode.scenario:<16} {story.service}: {story.words}"


def turn(episode: Occurrence, event: str) -> str:
    """Return the line for the beginning or end of an episode."""
    at_s = episode.since_s if event == "begins" else episode.until_s
    return f"{clock(at_s)} {episode.scenario} {event} in {STORIES[episode.scenario].service}"


def failure(settings: DemoSettings, elapsed_s: float, failed: Failed) -> Iterator[str]:
    """Yield the lines about a failed request, with the commands that show it."""
    yield f"{clock(elapsed_s)} {failed.request} {failed.answer}{'; see it with' if failed.trace_id else ''}"
    if failed.trace_id:
        yield f"        {command(settings, 'traces', failed.trace_id)}"
        yield f"        {command(settings, 'logs', '--trace', failed.trace_id)}"


def closing(tally: Tally) -> str:
    """Return the line about all requests."""
    skipped = f", and {tally.skipped} visitors left because too many were waiting" if tally.skipped else ""
    return f"The visitors made {tally.sent} requests, of which {tally.failed} failed{skipped}."


def unreachable(addresses: Iterable[str]) -> str:
    """Return the line said when nobody answers where the telemetry goes."""
    return (
        f"cannot send telemetry: nobody listens on {' and '.join(addresses)}; want a firstlight server there; start one"
        " with `firstlight up` (the demo keeps trying, and what it cannot send meanwhile is lost)"
    )


def command(settings: DemoSettings, *words: str) -> str:
    """Return a command line that asks the server of this run."""
    server = () if settings.server == DEFAULT_SERVER else ("--server", settings.server)
    return shlex.join(("firstlight", *words[:1], *server, *words[1:]))


def clock(elapsed_s: float) -> str:
    """Return seconds as minutes and seconds."""
    minutes, seconds = divmod(int(elapsed_s), 60)
    return f"{minutes}:{seconds:02d}"
