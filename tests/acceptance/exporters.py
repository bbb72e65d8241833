"""Targets to scrape whose values depend on nothing but how often they were scraped."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread

CODES = ("200", "404", "500")
BOUNDS = ("0.1", "0.5", "1", "2.5", "+Inf")
RESTART_EVERY = 17
"""After how many scrapes the counters of a target begin anew, as if it had been restarted."""

OBSERVED = 1000
"""What counters have seen when they are first scraped."""


@dataclass(slots=True)
class Targets:
    """Targets at one address, each under a path of its own, `/0` and on; `texts` are such as never change."""

    address: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
    scrapes: dict[str, int] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def scraped(self, path: str) -> str:
        """Return what a target shows when it is scraped once more."""
        with self.lock:
            number = self.scrapes[path] = self.scrapes.get(path, -1) + 1
        return self.texts.get(path) or "".join(f"{line}\n" for line in shown(int(path.strip("/")), number))


@contextmanager
def exporting(texts: Mapping[str, str]) -> Iterator[Targets]:
    """Hold the targets open."""
    targets = Targets(texts=texts)

    class Exporter(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = targets.scraped(self.path).encode()
            self.send_response(200)
            self.send_header("content-type", "text/plain; version=0.0.4")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            with suppress(OSError):  # whoever scraped is gone
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Exporter)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    targets.address = f"127.0.0.1:{server.server_address[1]}"
    try:
        yield targets
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def shown(target: int, number: int) -> Iterator[str]:
    """Yield the lines that a target shows at its scrape `number`."""
    life = number % (RESTART_EVERY + target)
    yield from _requests(target, life)
    yield from _seconds(target, life)
    yield "# TYPE t_temperature gauge"
    for place, room in enumerate(("kitchen", 'the "green" room', "Küche", "a\\b")):
        quoted = room.replace("\\", "\\\\").replace('"', '\\"')
        yield f't_temperature{{room="{quoted}",floor="{place % 2}"}} {20 + 5 * math.sin(number / 3 + place + target)}'
    yield "# TYPE t_level gauge"
    yield f't_level{{side="left"}} {(number * 7 + target) % 11 - 5}'
    yield f't_level{{side="right"}} {(number * 3 + target) % 7 - 3}'
    yield "# TYPE t_steady gauge"
    yield f"t_steady {target + 1}"
    if number % 10 < 6:  # comes and goes
        yield "# TYPE t_job_running gauge"
        yield f't_job_running{{name="backup"}} {number}'
    yield "# TYPE t_odd gauge"
    yield f't_odd{{kind="nan"}} {"NaN" if number % 3 else 1}'
    yield f't_odd{{kind="inf"}} {"+Inf" if number % 4 == 0 else number}'
    yield "# TYPE t_info gauge"
    yield f't_info{{version="1.{target}",zone="z{target % 2}"}} 1'


def _requests(target: int, life: int) -> Iterator[str]:
    yield "# TYPE t_requests_total counter"
    for path, route in enumerate(("/", "/buy", "/about")):
        for place, code in enumerate(CODES):
            value = OBSERVED + life * (3 + target + 2 * path + place) + (life * life) % 5
            yield f't_requests_total{{route="{route}",code="{code}"}} {value}'


def _seconds(target: int, life: int) -> Iterator[str]:
    for name in ("t_seconds", "t_bytes"):
        yield f"# TYPE {name} histogram"
        for place, route in enumerate(("/", "/buy")):
            counts = [OBSERVED + life * (bucket + 1) * (target + place + 1) for bucket in range(len(BOUNDS))]
            total = 0
            for bound, count in zip(BOUNDS, counts, strict=True):
                total += count
                yield f'{name}_bucket{{route="{route}",le="{bound}"}} {total}'
            yield f'{name}_sum{{route="{route}"}} {total * 0.75}'
            yield f'{name}_count{{route="{route}"}} {total}'
    yield "# TYPE t_wait summary"
    for quantile in ("0.5", "0.9"):
        yield f't_wait{{quantile="{quantile}"}} {(life % 5 + target + 1) * float(quantile)}'
    yield f"t_wait_sum {OBSERVED + life * 1.5}"
    yield f"t_wait_count {OBSERVED + life * 2}"
