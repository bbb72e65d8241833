"""What there is of logs: labels, series, volumes, fields; with the calls that Grafana makes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.loki.conftest import at
from tests.api.loki.rig import NOW, Loki

SPAN = {"start": at(60), "end": str(NOW)}
WEB = {"app": "web", "env": "dev", "service_name": "web"}
API = {"app": "api", "env": "prod", "pod": "1", "service_name": "api"}

DATA = [
    ("labels", "labels", {}, ["app", "env", "pod", "service_name"]),
    ("labels by the older name", "label", {}, ["app", "env", "pod", "service_name"]),
    ("labels of some streams", "labels", {"query": '{app="web"}'}, ["app", "env", "service_name"]),
    ("labels where the selector is everything", "labels", {"query": "{}"}, ["app", "env", "pod", "service_name"]),
    ("values", "label/app/values", {}, ["api", "web"]),
    ("values of some streams", "label/env/values", {"query": '{app=~"w.*"}'}, ["dev"]),
    ("series", "series", {"match[]": '{app="web"}'}, [WEB]),
    ("series of several selectors", "series", {"match[]": ['{app="web"}', '{env="prod"}', '{app=~".+"}']}, [API, WEB]),
    ("all series", "series", {}, [API, WEB]),
    ("series with a field that is no label", "series", {"match[]": '{user_id="u1"}'}, [API]),
    ("patterns, of which there are none yet", "patterns", {"query": '{app="web"}', "step": "10s"}, []),
    ("volume by what the selector names", "index/volume", {"query": '{app=~".+"}'}, {"resultType": "vector", "result": [{"metric": {"app": "api"}, "value": [1795206600, "990"]}, {"metric": {"app": "web"}, "value": [1795206600, "540"]}]}),
    ("volume by a label", "index/volume", {"query": '{app=~".+"}', "targetLabels": "env", "limit": 1}, {"resultType": "vector", "result": [{"metric": {"env": "prod"}, "value": [1795206600, "990"]}]}),
    ("volume of labels", "index/volume", {"query": '{app="web"}', "aggregateBy": "labels"}, {"resultType": "vector", "result": [{"metric": {name: ""}, "value": [1795206600, "540"]} for name in ("app", "env", "service_name")]}),
    ("volume over time", "index/volume_range", {"query": '{app="web"}', "step": "30s"}, {"resultType": "matrix", "result": [{"metric": {"app": "web"}, "values": [[1795206569.999, "270"], [1795206599.999, "270"]]}]}),
]  # fmt: skip


@pytest.mark.parametrize(("path", "parameters", "data"), [row[1:] for row in DATA], ids=[row[0] for row in DATA])
async def test_what_there_is_is_listed(loki: Loki, path: str, parameters: dict[str, Any], data: Any) -> None:
    """As Loki lists it."""
    assert await loki.data(path, **SPAN, **parameters) == data


BARE = [
    ("how much there is", "index/stats", {"query": '{app="web"}'}, {"streams": 1, "chunks": 1, "bytes": 540, "entries": 30}),
    ("how much there is of nothing", "index/stats", {"query": '{app="no"}'}, {"streams": 0, "chunks": 0, "bytes": 0, "entries": 0}),
    ("labels of nothing", "labels", {"query": '{app="no"}'}, {"status": "success"}),
    ("values of a label that is not there", "label/no/values", {}, {"status": "success"}),
    ("labels worth showing", "detected_labels", {}, {"detectedLabels": [{"label": "app", "cardinality": 2}, {"label": "env", "cardinality": 2}, {"label": "pod", "cardinality": 1}, {"label": "service_name", "cardinality": 2}]}),
    ("fields of logfmt", "detected_fields", {"query": '{app="web"}', "line_limit": 10}, {"fields": [{"label": "detected_level", "type": "string", "cardinality": 1, "parsers": None}, {"label": "ok", "type": "boolean", "cardinality": 1, "parsers": ["logfmt"]}, {"label": "status", "type": "int", "cardinality": 10, "parsers": ["logfmt"]}], "limit": 1000}),
    ("fields of JSON and metadata", "detected_fields", {"query": '{app="api"} |~ "m[12]\\""', "limit": 5}, {"fields": [{"label": "detected_level", "type": "string", "cardinality": 1, "parsers": None}, {"label": "msg", "type": "string", "cardinality": 2, "parsers": ["json"], "jsonPath": ["msg"]}, {"label": "n", "type": "int", "cardinality": 2, "parsers": ["json"], "jsonPath": ["n"]}, {"label": "took", "type": "duration", "cardinality": 2, "parsers": ["json"], "jsonPath": ["took"]}, {"label": "user_id", "type": "string", "cardinality": 2, "parsers": None}], "limit": 5}),
    ("values of a field", "detected_field/user_id/values", {"query": '{app="api"}'}, {"values": ["u0", "u1", "u2"], "limit": 1000}),
    ("values of a field, by the other name", "detected_fields/took/values", {"query": '{app="api"}', "limit": 2}, {"values": ["0ms", "10ms"], "limit": 2}),
    ("values of a field that is not there", "detected_field/no/values", {"query": '{app="api"}'}, {"values": [], "limit": 1000}),
]  # fmt: skip


@pytest.mark.parametrize(("path", "parameters", "wanted"), [row[1:] for row in BARE], ids=[row[0] for row in BARE])
async def test_answers_that_have_a_form_of_their_own(loki: Loki, path: str, parameters: dict[str, Any], wanted: Any) -> None:  # fmt: skip
    """Some of Loki's answers say no status."""
    answer = await loki.get(path, **SPAN, **parameters)
    assert (answer.status_code, answer.json()) == (200, wanted)


COMPLAINTS = [
    ("a selector that is none", "labels", {"query": "{a"}, "parse error at line 1, col 3"),
    ("a selector with stages", "index/volume", {"query": '{a="b"} | json'}, "only label matchers are supported"),
    ("metrics where lines are meant", "detected_fields", {"query": 'rate({a="b"}[1m])'}, "only log selector is supported"),
    ("an aggregation nobody knows", "index/volume", {"query": '{a="b"}', "aggregateBy": "x"}, "invalid aggregation option"),
    ("a bad match", "series", {"match[]": "x"}, "parse error"),
    ("times the wrong way round", "labels", {"start": "2", "end": "1"}, "end timestamp must not be before or equal to start time"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "parameters", "words"), [row[1:] for row in COMPLAINTS], ids=[row[0] for row in COMPLAINTS])  # fmt: skip
async def test_what_is_wrong_is_told(loki: Loki, path: str, parameters: dict[str, str], words: str) -> None:
    """In plain text."""
    answer = await loki.get(path, **parameters)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/plain; charset=utf-8")
    assert answer.text.startswith(words)


STATUS = [
    ("that it is ready", "/ready", 200, "ready\n"),
    ("its configuration", "/config", 200, "answers: true\n"),
    ("its services", "/services", 200, "distributor => Running\n"),
    ("its version", "status/buildinfo", 200, '{"version":"3.5.0","revision":"1.2.3"'),
    ("no rules", "rules", 404, "no rule groups found\n"),
    ("no rules of a namespace", "rules/x/y", 404, "no rule groups found\n"),
    ("no rules, as Prometheus has them", "/prometheus/api/v1/rules", 200, '{"status":"success","data":{"groups":[]}'),
    ("no alerts", "/prometheus/api/v1/alerts", 200, '{"status":"success","data":{"alerts":[]}'),
    ("its limits", "drilldown-limits", 200, '{"limits":{"'),
    ("what is not there", "nope/at/all", 404, "404 page not found\n"),
    ("a query in its best form", "format_query?query={a=%22b%22}|json", 200, '{"status":"success","data":"{a=\\"b\\"} | json"}'),
    ("what is no query", "format_query?query={a", 400, '{"status":"invalid-query","error":"parse error at line 1, col 3'),
    ("a tail without a WebSocket", "tail?query={a=%22b%22}", 400, "Bad Request\nwebsocket: the client is not using the websocket protocol"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "status", "words"), [row[1:] for row in STATUS], ids=[row[0] for row in STATUS])
async def test_the_server_tells_of_itself(loki: Loki, path: str, status: int, words: str) -> None:
    """What clients look at before they ask."""
    answer = await loki.client.get(path if path.startswith("/") else f"/loki/api/v1/{path}")
    assert (answer.status_code, answer.text[: len(words)]) == (status, words)
