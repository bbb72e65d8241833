"""Queries over HTTP: results in Loki's forms, what is asked for, and what is complained of."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.loki.conftest import LINES, at
from tests.api.loki.rig import NOW, SECOND, Loki

API = '{app="api"}'
SPAN = {"start": at(60), "end": str(NOW)}


async def test_lines_are_streams(loki: Loki) -> None:
    """Labels, metadata and level of a line are its stream; times are texts of nanoseconds."""
    found = await loki.data("query_range", query=API + ' |= "m3\\""', **SPAN)
    assert found["resultType"] == "streams"
    assert found["result"] == [
        {
            "stream": {"app": "api", "detected_level": "unknown", "env": "prod", "pod": "1", "service_name": "api", "user_id": "u0"},
            "values": [[at(54), '{"msg":"m3","took":"3ms","n":3}']],
        }
    ]  # fmt: skip
    assert found["stats"]["summary"]["totalEntriesReturned"] == 1


async def test_labels_may_be_told_by_where_they_are_from(loki: Loki) -> None:
    """As Grafana asks for it, with a header."""
    parameters = {"query": API + ' | json n="n" | n="3"', **SPAN}
    headers = {"X-Loki-Response-Encoding-Flags": "categorize-labels"}
    answer = await loki.client.get("/loki/api/v1/query_range", params=parameters, headers=headers)
    data = answer.json()["data"]
    assert data["encodingFlags"] == ["categorize-labels"]
    assert data["result"] == [
        {
            "stream": {"app": "api", "env": "prod", "pod": "1", "service_name": "api"},
            "values": [
                [
                    at(54),
                    '{"msg":"m3","took":"3ms","n":3}',
                    {"structuredMetadata": {"detected_level": "unknown", "user_id": "u0"}, "parsed": {"n": "3"}},
                ]
            ],
        }
    ]


async def ordered(loki: Loki, **parameters: Any) -> list[str]:
    """Return the lines of an answer in the order of their times, as asked for."""
    found = await loki.data("query_range", query='{app="web"}', **{**SPAN, **parameters})
    lines = [(int(time), line) for one in found["result"] for time, line in one["values"]]
    assert lines == sorted(lines, reverse=parameters.get("direction") != "forward")
    return [line.partition(" ")[0].removeprefix("status=") for _, line in lines]


ASKED = [
    ("the newest, if nothing is said", {"limit": 2}, ["229", "228"]),
    ("the oldest", {"limit": 2, "direction": "forward"}, ["200", "201"]),
    ("direction in capitals", {"limit": 1, "direction": "FORWARD"}, ["200"]),
    ("an interval", {"interval": "20s", "direction": "forward"}, ["200", "210", "220"]),
    ("until, exclusively", {"end": at(57), "direction": "forward"}, ["200"]),
    ("from, inclusively", {"start": at(1)}, ["229"]),
    ("times in seconds", {"start": str(NOW // SECOND - 2), "end": str(NOW // SECOND)}, ["229"]),
    ("times in seconds with a point", {"start": f"{NOW // SECOND - 2}.5", "end": f"{NOW // SECOND}.0"}, ["229"]),
    ("RFC 3339", {"start": "2026-11-20T20:29:58Z", "end": "2026-11-20T20:30:00Z"}, ["229"]),
    ("since", {"start": "", "end": "", "since": "4s"}, ["229", "228"]),
]  # fmt: skip


@pytest.mark.parametrize(("parameters", "wanted"), [row[1:] for row in ASKED], ids=[row[0] for row in ASKED])
async def test_lines_come_as_asked_for(loki: Loki, parameters: dict[str, Any], wanted: list[str]) -> None:
    """Order, number, distance, and times in all the forms that Loki reads."""
    if parameters.get("direction") == "FORWARD":
        found = await loki.data("query_range", query='{app="web"}', **{**SPAN, **parameters})
        assert found["result"][0]["values"][0][1].startswith("status=200")
        return
    assert await ordered(loki, **parameters) == wanted


METRICS = [
    ("a matrix", "query_range", {"query": 'sum by (app) (count_over_time({env=~".+"}[30s]))', "start": at(30), "end": str(NOW), "step": "30s"}, "matrix", [
        {"metric": {"app": "api"}, "values": [[1795206570, "15"], [1795206600, "14"]]},
        {"metric": {"app": "web"}, "values": [[1795206570, "15"], [1795206600, "15"]]},
    ]),
    ("a vector", "query", {"query": 'sum(bytes_over_time({app="web"}[10s]))', "time": str(NOW)}, "vector", [{"metric": {}, "value": [1795206600, "90"]}]),
    ("a scalar, in milliseconds, as Loki has it", "query", {"query": "1 + 2 * 3", "time": str(NOW)}, "scalar", [1795206600000, "7"]),
    ("fractions of seconds", "query", {"query": "vector(0.5)", "time": "1795206600.25"}, "vector", [{"metric": {}, "value": [1795206600.25, "0.5"]}]),
    ("what Grafana asks to see whether it is Loki", "query", {"query": "vector(1)+vector(1)", "time": "4000000000", "direction": "backward"}, "vector", [{"metric": {}, "value": [4000000000, "2"]}]),
    ("a number that is none", "query", {"query": "vector(0) / vector(0)", "time": str(NOW)}, "vector", [{"metric": {}, "value": [1795206600, "NaN"]}]),
    ("large numbers without exponents", "query", {"query": "vector(1e21) * 10", "time": str(NOW)}, "vector", [{"metric": {}, "value": [1795206600, "10000000000000000000000"]}]),
]  # fmt: skip


@pytest.mark.parametrize(("path", "parameters", "kind", "result"), [row[1:] for row in METRICS], ids=[row[0] for row in METRICS])  # fmt: skip
async def test_metrics_are_as_prometheus_has_them(loki: Loki, path: str, parameters: dict[str, str], kind: str, result: Any) -> None:  # fmt: skip
    """Values as texts, times as seconds."""
    found = await loki.data(path, **parameters)
    assert (found["resultType"], found["result"]) == (kind, result)


async def test_a_form_asks_like_a_url(loki: Loki) -> None:
    """POST with a form in the body."""
    form = {"query": '{app="web"}', "limit": "1", **SPAN}
    answer = await loki.client.post("/loki/api/v1/query_range", data=form)
    assert len(answer.json()["data"]["result"][0]["values"]) == 1


async def test_a_large_answer_is_packed_for_who_wants_it(loki: Loki) -> None:
    """As Grafana does."""
    answer = await loki.client.get("/loki/api/v1/query_range", params={"query": API, **SPAN})
    assert answer.headers["content-encoding"] == "gzip"
    assert sum(len(one["values"]) for one in answer.json()["data"]["result"]) == LINES


COMPLAINTS = [
    ("no query", {}, "parse error : syntax error: unexpected $end"),
    ("no LogQL", {"query": "{a"}, "parse error at line 1, col 3: syntax error: unexpected $end, expecting = or =~ or !~ or !="),
    ("everything", {"query": "{}"}, "parse error : queries require at least one regexp or equality matcher"),
    ("a start that is none", {"query": API, "start": "x"}, "could not parse 'start' parameter: strconv.ParseInt: parsing \"x\": invalid syntax"),
    ("an end that is none", {"query": API, "end": "1.x"}, "could not parse 'end' parameter: strconv.ParseInt: parsing \"1.x\": invalid syntax"),
    ("an end that is too large", {"query": API, "end": "9" * 20}, "could not parse 'end' parameter: strconv.ParseInt: parsing \"99999999999999999999\": value out of range"),
    ("since that is none", {"query": API, "since": "x"}, "could not parse 'since' parameter: not a valid duration string: \"x\""),
    ("an end before the start", {"query": API, "start": "2", "end": "1"}, "end timestamp must not be before or equal to start time"),
    ("a limit that is none", {"query": API, "limit": "x"}, 'strconv.Atoi: parsing "x": invalid syntax'),
    ("a limit of nothing", {"query": API, "limit": "0"}, "limit must be a positive value"),
    ("a limit beyond the limit", {"query": API, "limit": "5001"}, "max entries limit per query exceeded, limit > max_entries_limit_per_query (5001 > 5000)"),
    ("a direction that is none", {"query": API, "direction": "up"}, "invalid direction 'up'"),
    ("a step that is none", {"query": API, "step": "x"}, 'cannot parse "x" to a valid duration'),
    ("a step of nothing", {"query": API, "step": "0"}, "zero or negative query resolution step widths are not accepted. Try a positive integer"),
    ("too many steps", {"query": API, "start": "0", "end": "100000", "step": "1"}, "exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter"),
    ("an interval before now", {"query": API, "interval": "-1"}, "interval must be >= 0"),
    ("a query too long", {"query": '{a="' + "x" * 140_000 + '"}'}, "query too long"),
]  # fmt: skip


@pytest.mark.parametrize(("parameters", "words"), [row[1:] for row in COMPLAINTS], ids=[row[0] for row in COMPLAINTS])
async def test_complaints_are_plain_text(loki: Loki, parameters: dict[str, str], words: str) -> None:
    """With the words that clients of Loki know."""
    answer = await loki.client.post("/loki/api/v1/query_range", data=parameters)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/plain; charset=utf-8")
    assert answer.text.startswith(words)


async def test_lines_are_not_asked_for_at_an_instant(loki: Loki) -> None:
    """Loki says what to do instead."""
    answer = await loki.get("query", query=API)
    assert (answer.status_code, answer.text.partition(",")[0]) == (
        400,
        "log queries are not supported as an instant query type",
    )


async def test_other_methods_are_not_allowed(loki: Loki) -> None:
    """And the answer says which are."""
    answer = await loki.client.put("/loki/api/v1/query")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
