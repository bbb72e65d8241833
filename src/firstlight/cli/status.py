"""`firstlight status`: what comes in, what is stored, what was refused, and whether the server is ready."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from typing import Any, Final

from firstlight.cli.client import Server
from firstlight.cli.client import add_arguments as add_server
from firstlight.cli.render import Column, Screen, as_json, count, duration, local_time, one_line, size

SUMMARY = "say what comes in, what is stored, and whether all is well"

SIGNALS: Final = (
    Column("received"),
    Column("items", is_number=True),
    Column("a second", is_number=True),
)
TABLES: Final = (
    Column("stored"),
    Column("rows", is_number=True),
    Column("on disk", is_number=True),
    Column("unpacked", is_number=True),
    Column("days", is_number=True),
    Column("oldest"),
    Column("newest"),
)
KEPT: Final = ("logs", "traces", "metrics")

LABEL: Final = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what may stand after `status`."""
    parser.add_argument("--format", choices=("text", "json"), default="text", help="for people, or JSON (text)")
    add_server(parser)


def main(arguments: argparse.Namespace) -> int:
    """Print the status, and return 0 if the server is ready."""
    server, screen = Server.of(arguments), Screen.of(sys.stdout)
    complaints = server.complaints()
    told = server.get("/status")
    if arguments.format == "json":
        screen.line(as_json({**told, "ready": not complaints, "complaints": complaints}))
    else:
        _print(screen, server.url, told, complaints)
    return 1 if complaints else 0


def _print(screen: Screen, url: str, told: Mapping[str, Any], complaints: Mapping[str, str]) -> None:
    store, disk = told["store"], told["store"]["disk"]
    ready = screen.paint("not ready", "red") if complaints else screen.paint("ready", "green")
    up = duration(int(told["uptime_seconds"]) * 10**9)
    screen.line(f"firstlight {told['version']} at {url}: {ready}, up for {up}")
    for name, words in complaints.items():
        screen.line(f"  {screen.paint(f'{name}: {one_line(words)}', 'red')}")
    free = f"{disk['free_bytes'] / max(disk['total_bytes'], 1):.0%}"
    _fact(screen, "data", one_line(store["location"]))
    _fact(screen, "disk", f"{size(store['disk_bytes'])} used, {size(disk['free_bytes'])} free ({free})")
    _fact(screen, "kept", ", ".join(_kept(store["retention"])))
    if "under_way" in told:
        _fact(screen, "now", _under_way(told["under_way"]))
    for dropped in store["dropped"][-1:]:
        _fact(screen, "dropped", f"{dropped['kind']} of {dropped['day']}: {dropped['reason']}")
    screen.line()
    screen.table(SIGNALS, [_signal(name, one) for name, one in told["ingest"].items()])
    _counts(screen, "rejected", told["rejected_items"], "items refused while others of their request were not")
    _counts(screen, "refused", told["refused_requests"], "requests refused whole")
    screen.line()
    screen.table(TABLES, [_table(kind, one) for kind, one in store["tables"].items()])


def _fact(screen: Screen, name: str, words: str) -> None:
    screen.line(f"  {screen.paint(name.ljust(LABEL), 'bold')}{words}")


def _kept(retention: Mapping[str, Any]) -> Iterator[str]:
    """Yield what retention keeps, as its settings say it."""
    yield from (f"{kind} {retention[kind]}" for kind in KEPT)
    if retention["max_disk_bytes"] is not None:
        yield f"at most {retention['max_disk_bytes']} on disk"
    yield f"{retention['min_free_disk']} of the disk left free"


def _under_way(told: Mapping[str, int]) -> str:
    """Return what goes on at this moment."""
    requests, tails = count(told["requests"], "request"), count(told["live_tails"], "live tail")
    return f"{requests} coming in, {size(told['queued_bytes'])} waiting to be stored, {tails}"


def _signal(name: str, one: Mapping[str, Any]) -> list[str]:
    rate = one["per_second"]
    return [one_line(name), count(one["items"]), f"{rate:,.1f}" if rate < 100 else f"{rate:,.0f}"]


def _counts(screen: Screen, name: str, counts: Mapping[str, int], words: str) -> None:
    """Print what was refused, by reason; nothing if nothing was."""
    if counts:
        screen.line()
        screen.line(f"{screen.paint(name, 'bold')} ({words})")
    for reason, number in sorted(counts.items(), key=lambda row: -row[1]):
        screen.line(f"  {screen.paint(count(number), 'yellow')}  {one_line(reason)}")


def _table(kind: str, one: Mapping[str, Any]) -> list[str]:
    times = (local_time(one[name])[: -len(".000")] if one[name] else "" for name in ("oldest", "newest"))
    return [kind, count(one["rows"]), size(one["disk_bytes"]), size(one["raw_bytes"]), count(one["days"]), *times]
