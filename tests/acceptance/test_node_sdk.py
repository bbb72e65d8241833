"""The official JavaScript SDK, which sends OTLP/JSON, against the whole server."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.live import Live, live

HERE = Path(__file__).parent / "node"
INSTALLED = Path("build/node").absolute()
INSTALL = "npm install --ignore-scripts --fetch-retries=0 --fetch-timeout=20000 --no-audit --no-fund --no-package-lock --legacy-peer-deps --silent".split()


@pytest.fixture(scope="module")
def program() -> Path:
    """The program, beside the packages that it needs, which are installed once."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("there is no node or no npm on this machine")
    INSTALLED.mkdir(parents=True, exist_ok=True)
    wanted = (HERE / "package.json").read_text()
    stamp = INSTALLED / "installed.json"
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.copy(HERE / "package.json", INSTALLED)
        run = subprocess.run(INSTALL, cwd=INSTALLED, check=False, capture_output=True, text=True)
        if run.returncode:
            pytest.skip(f"npm cannot install the SDK here: {run.stderr.strip()[-200:]}")
        stamp.write_text(wanted)
    return Path(shutil.copy(HERE / "send.js", INSTALLED))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live(tmp_path_factory.mktemp("node")) as it:
        yield it


@pytest.fixture(scope="module", params=["none", "gzip"])
def sent(request: pytest.FixtureRequest, server: Live, program: Path) -> tuple[str, str]:
    """The service that has sent, and the id of its trace."""
    command = ["node", str(program), f"http://{server.otlp_http}", request.param]
    run = subprocess.run(command, check=False, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return f"node-{request.param}", run.stdout.strip()


def test_traces(server: Live, sent: tuple[str, str]) -> None:
    parent, child = server.sql(
        "SELECT service, name, kind, status, status_message, span_id, parent_span_id, attributes, attribute_types,"
        " arrayMap(e -> (e.name, e.attributes), events) AS events, links.span_id AS linked, scope_version"
        " FROM spans WHERE trace_id = {id:String} ORDER BY name DESC",
        id=sent[1],
    )
    assert (parent["service"], parent["kind"], parent["scope_version"]) == (sent[0], "server", "1.0")
    assert parent["attributes"] == {
        "text": "grüße", "yes": "true", "count": "-3", "ratio": "0.5", "list": '["a","b"]', "large": "9007199254740991",
    }  # fmt: skip
    assert parent["attribute_types"] == "sbidai"
    assert (child["parent_span_id"], child["linked"]) == (parent["span_id"], [parent["span_id"]])
    assert (child["status"], child["status_message"]) == ("error", "failed")
    assert child["events"] == [["half way", {"step": "2"}]]


def test_logs(server: Live, sent: tuple[str, str]) -> None:
    plain, event, cut = server.sql(
        "SELECT level, body, body_type, event_name, trace_id, attributes, attribute_types FROM logs"
        " WHERE service = {service:String} ORDER BY severity DESC",
        service=sent[0],
    )
    assert (plain["level"], plain["body"], plain["trace_id"]) == ("warn", "card 4711 declined", sent[1])
    assert (event["level"], event["event_name"], event["body_type"]) == ("info", "cart.emptied", "k")
    assert json.loads(event["body"]) == {"items": [1, 2.5, "three"], "nested": {"deep": None, "yes": False}}
    assert (event["attributes"], event["attribute_types"]) == ({"map": '{"in":1}', "bytes": "AP8="}, "kx")
    assert cut["body"] == "cut in the middle of \ufffd"


def test_metrics(server: Live, sent: tuple[str, str]) -> None:
    """What comes as deltas is added up; what comes once is there once."""
    rows = server.sql(
        "SELECT metric, temporality, labels['le'] AS le, groupArray(value) AS found"
        " FROM (SELECT * FROM metrics WHERE labels['job'] = {service:String} AND metric != 'target_info' ORDER BY ts)"
        " GROUP BY metric, temporality, le ORDER BY metric, le",
        service=sent[0],
    )
    assert [tuple(row.values()) for row in rows] == [
        ("duration_seconds_bucket", "delta", "+Inf", [1, 2]),
        ("duration_seconds_bucket", "delta", "0.1", [0, 0]),
        ("duration_seconds_bucket", "delta", "1", [1, 2]),
        ("duration_seconds_count", "delta", "", [1, 2]),
        ("duration_seconds_sum", "delta", "", [0.5, 1]),
        ("requests_total", "delta", "", [3, 6]),
        ("temperature_celsius", "", "", [21.5]),
    ]
    exponential = "SELECT count, sum, scale FROM histograms WHERE labels['job'] = {service:String} AND isNotNull(scale)"
    (row,) = server.sql(exponential, service=sent[0])
    assert (row["count"], row["sum"]) == (1, 100)


def test_nothing_worries_anybody(server: Live) -> None:
    assert server.alarms == []
