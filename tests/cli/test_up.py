"""`firstlight up` as a process: what it prints, how it stops, what it refuses, and that it keeps what it answered."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import httpx
import pytest

from tests.ingest.requests import logs

ANYWHERE = [f"--set={key}=127.0.0.1:0" for key in ("http.listen", "otlp.grpc", "otlp.http")]
PROTOBUF = {"content-type": "application/x-protobuf"}


@dataclass(slots=True)
class Up:
    """A server in a process of its own."""

    process: subprocess.Popen[str]
    banner: str
    errors: Path

    @property
    def url(self) -> str:
        """Where it answers."""
        found = re.search(r"HTTP +(http://\S+)", self.banner)
        assert found
        return found[1]

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, and return what the process exits with."""
        self.process.send_signal(number)
        return self.process.wait(30)

    def log(self) -> list[dict[str, str]]:
        """Return what was logged up to now."""
        return [json.loads(line) for line in self.errors.read_text().splitlines()]

    def wait_for(self, message: str) -> dict[str, str]:
        """Return the first record that begins with `message`, once there is one."""
        while True:
            for record in self.log():
                if record["message"].startswith(message):
                    return record
            assert self.process.poll() is None, self.errors.read_text()
            time.sleep(0.02)


@contextmanager
def up(directory: Path, *words: str) -> Iterator[Up]:
    """Run `firstlight up`."""
    errors = directory / "errors"
    with errors.open("w") as standard_error:
        process = subprocess.Popen(
            command("--data", str(directory / "data"), *ANYWHERE, *words),
            stdout=subprocess.PIPE,
            stderr=standard_error,
            text=True,
            cwd=directory,
            env=environment(),
        )
    output = cast(IO[str], process.stdout)
    try:
        banner = ""
        while "try it with" not in banner:
            line = output.readline()
            assert line, errors.read_text()
            banner += line
        yield Up(process, banner, errors)
    finally:
        process.kill()
        process.wait()
        output.close()


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "firstlight", "up", *words]


def environment() -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("FIRSTLIGHT_")}
    return {**ours, "PYTHONPATH": os.pathsep.join(sys.path)}


def refused(directory: Path, *words: str) -> tuple[int, str]:
    """Return what `firstlight up` exits with, and what it says, when it does not start."""
    done = subprocess.run(
        command(*words), capture_output=True, text=True, cwd=directory, env=environment(), timeout=60, check=False
    )
    assert done.stdout == ""
    return done.returncode, done.stderr


def test_says_where_it_listens_and_where_its_data_are(tmp_path: Path) -> None:
    with up(tmp_path) as it:
        ready = httpx.get(f"{it.url}/readyz")

    lines = re.sub(r"127\.0\.0\.1:\d+", "ADDRESS", it.banner).splitlines()
    assert re.fullmatch(r"firstlight \S+ is ready after \d+\.\d s", lines[0])
    assert [line.split() for line in lines[1:5]] == [
        ["HTTP", "http://ADDRESS"],
        ["OTLP/HTTP", "http://ADDRESS"],
        ["OTLP/gRPC", "ADDRESS"],
        ["data", str(tmp_path / "data")],
    ]
    assert ready.json()["ready"]


def test_says_which_ports_are_open(tmp_path: Path) -> None:
    with up(tmp_path, "--set", "ports.prometheus=127.0.0.1:0", "--set", "push.statsd=127.0.0.1:0") as it:
        lines = dict(line.split(maxsplit=1) for line in it.banner.splitlines()[1:-1])
        assert httpx.get(f"{lines['Prometheus']}/healthz").status_code == 200
        assert lines["StatsD"].startswith("127.0.0.1:")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stops_cleanly(tmp_path: Path, number: int) -> None:
    with up(tmp_path) as it:
        assert it.end(number) == 0

    assert [record["message"] for record in it.log()][-2:] == [
        f"{signal.Signals(number).name}: stopping; send it again to end at once",
        "stopped",
    ]


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    """Though a request is under way, whose body never ends."""
    with up(tmp_path) as it, httpx.Client() as client:

        def endless() -> Iterator[bytes]:
            yield logs("never answered").SerializeToString()
            it.process.send_signal(signal.SIGTERM)
            it.wait_for("SIGTERM: stopping")
            it.process.send_signal(signal.SIGTERM)
            it.process.wait(30)
            yield b""

        with pytest.raises(httpx.TransportError):
            client.post(f"{it.url}/v1/logs", content=endless(), headers=PROTOBUF)

    assert it.process.returncode == 128 + signal.SIGTERM


def test_answers_what_is_under_way_when_it_is_told_to_stop(tmp_path: Path) -> None:
    body = logs("answered").SerializeToString()
    with up(tmp_path) as it, httpx.Client() as client:

        def slow() -> Iterator[bytes]:
            yield body[:5]
            it.process.send_signal(signal.SIGTERM)
            it.wait_for("SIGTERM: stopping")
            yield body[5:]

        got = client.post(f"{it.url}/v1/logs", content=slow(), headers=PROTOBUF)
        assert it.process.wait(30) == 0

    assert (got.status_code, got.content) == (200, b"")


def test_keeps_what_it_answered_when_it_is_killed(tmp_path: Path) -> None:
    """And starts again by itself, without repair."""
    for round_ in range(2):
        with up(tmp_path) as it:
            body = logs(f"round {round_}").SerializeToString()
            assert httpx.post(f"{it.url}/v1/logs", content=body, headers=PROTOBUF).status_code == 200
            it.end(signal.SIGKILL)
    with up(tmp_path) as it:
        assert httpx.get(f"{it.url}/readyz").status_code == 200


def test_a_second_process_does_not_get_the_directory(tmp_path: Path) -> None:
    with up(tmp_path) as it:
        code, words = refused(tmp_path, "--data", str(tmp_path / "data"), *ANYWHERE)

    place, holder = tmp_path / "data" / "store", it.process.pid
    assert code == 1
    assert words.startswith(f"cannot open {place}: process {holder} has it open; want one process per directory")


def test_reads_its_settings_again_when_it_is_told_to(tmp_path: Path) -> None:
    settings = tmp_path / "firstlight.yaml"
    settings.write_text("retention: {logs: 30d}\n")
    with up(tmp_path) as it:
        settings.write_text("retention: {logs: 7d}\nhttp: {access_log: true}\n")
        it.process.send_signal(signal.SIGHUP)
        restart = it.wait_for("settings that need a restart")
        settings.write_text("retention: {logs: 7}\n")
        it.process.send_signal(signal.SIGHUP)
        bad = it.wait_for("cannot reload")
        assert it.end() == 0

    assert it.wait_for("settings reloaded")["message"] == "settings reloaded: retention.logs"
    assert restart["message"] == "settings that need a restart to change: http.access_log"
    assert bad["message"].startswith("cannot reload; the settings in force stay:\nfirstlight.yaml:1: retention.logs: ")


REFUSED = [
    # what                        words                                            code  complaint
    ("another machine's address", ["--listen", "0.0.0.0:1610"],                    2,    "--set http.listen: cannot listen on 0.0.0.0:1610: authentication is not configured"),
    ("every interface, by set",   ["--set", "otlp.grpc=:4317"],                    2,    "--set otlp.grpc: cannot listen on :4317: authentication is not configured"),
    ("an unknown setting",        ["--set", "http.lisen=127.0.0.1:1"],             2,    'unknown setting "http.lisen"; did you mean "http.listen"?'),
    ("an impossible value",       ["--set", "retention.logs=30"],                  2,    "--set retention.logs: cannot read '30' as a duration: it has no unit; write 30s for seconds"),
    ("no address",                ["--listen", "1610"],                            2,    "--set http.listen: cannot read '1610' as an address to listen on"),
    ("a file that is not there",  ["--config", "nowhere.yaml"],                    2,    "cannot read nowhere.yaml: No such file or directory"),
    ("a word too many",           ["now"],                                         2,    "unrecognized arguments: now"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "code", "complaint"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refuses(tmp_path: Path, words: list[str], code: int, complaint: str) -> None:
    exit_code, said = refused(tmp_path, *words)

    assert (exit_code, "Traceback" in said) == (code, False)
    assert complaint in said
    assert not (tmp_path / "firstlight-data").exists()
