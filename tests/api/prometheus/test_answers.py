"""Every endpoint answers as Prometheus does, and refuses as it does (P5)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.prometheus.conftest import Api
from tests.query.metrics.shop import NOW

pytestmark = pytest.mark.anyio

AT = NOW // 1000
UP_A = {"__name__": "up", "instance": "x", "job": "a"}
UP_B = {"__name__": "up", "instance": "y", "job": "b", "zone": "own"}
V1 = "/api/v1"


def vector(*series: tuple[dict[str, str], str], time: float = AT) -> dict[str, Any]:
    return {"resultType": "vector", "result": [{"metric": labels, "value": [time, value]} for labels, value in series]}


RANGE = f"query_range?query=up&start={AT - 60}&end={AT}&step=60"
BOTH = [
    {"metric": UP_A, "values": [[AT - 60, "1"], [AT, "0"]]},
    {"metric": UP_B, "values": [[AT - 60, "1"], [AT, "1"]]},
]
REQUESTS = [
    {"__name__": "requests_total", "code": code, "job": "a"} for code in ("200", "500")
]  # fmt: skip

DATA: dict[str, tuple[str, Any]] = {
    # what Grafana asks first, in the year 1970
    "a scalar": ("query?query=1%2B1&time=4", {"resultType": "scalar", "result": [4, "2"]}),
    "a string": ("query?query=%22s%22&time=4", {"resultType": "string", "result": [4, "s"]}),
    "a vector at a time": (f"query?query=up&time={AT}", vector((UP_A, "0"), (UP_B, "1"))),
    "a vector now": ("query?query=up", vector((UP_A, "0"), (UP_B, "1"))),
    "a time as text": ("query?query=up%7Bjob=%22a%22%7D&time=2024-10-04T11:59:00Z", vector((UP_A, "1"), time=AT - 60)),
    "looking less far back": (f"query?query=up&time={AT + 100}&lookback_delta=1m", vector()),
    "a matrix": (RANGE, {"resultType": "matrix", "result": BOTH}),
    "a matrix selector": (
        f"query?query=up%7Bjob=%22b%22%7D[90s]&time={AT}",
        {"resultType": "matrix", "result": [BOTH[1]]},
    ),
    "series": ("series?match[]=up", [UP_A, UP_B]),
    "series of several selectors": ("series?match[]=up%7Bjob=%22a%22%7D&match[]=requests_total", [*REQUESTS, UP_A]),
    "series of another day": (f"series?match[]=up&start={AT - 10 * 86400}&end={AT - 9 * 86400}", []),
    "series with a name, as Grafana asks": ("series?match[]=%7B__name__!=%22%22,job=%22b%22%7D", [UP_B]),
    "labels": ("labels", ["__name__", "code", "instance", "job", "my.label", "zone"]),
    "labels of some": ("labels?match[]=up", ["__name__", "instance", "job", "zone"]),
    "label values": ("label/code/values", ["200", "500"]),
    "label values of some": ("label/job/values?match[]=requests_total", ["a"]),
    "names of metrics": ("label/__name__/values", ["gone", "http.size", "old", "requests_total", "up"]),
    "an escaped label": ("label/U__my_2e_label/values", ['a"b']),
    "a label with dots": ("label/my.label/values", ['a"b']),
    "a label of nothing": ("label/nope/values", []),
    "metadata": (
        "metadata",
        {
            "requests_total": [{"type": "counter", "help": "Requests.", "unit": ""}],
            "up": [
                {"type": "gauge", "help": "Whether it is up.", "unit": ""},
                {"type": "gauge", "help": "Whether it was up.", "unit": ""},
            ],
        },
    ),
    "metadata of one": (
        "metadata?metric=up&limit_per_metric=1",
        {"up": [{"type": "gauge", "help": "Whether it is up.", "unit": ""}]},
    ),
    "metadata of few": (
        "metadata?limit=1",
        {"requests_total": [{"type": "counter", "help": "Requests.", "unit": ""}]},
    ),
    "metadata of none": ("metadata?limit=0", {}),
    "exemplars": (
        f"query_exemplars?query=rate(up[5m])&start={AT - 60}&end={AT}",
        [
            {
                "seriesLabels": UP_A,
                "exemplars": [{"labels": {"trace_id": "2a".zfill(32)}, "value": "0.25", "timestamp": AT - 0.5}],
            }
        ],
    ),
    "exemplars of nothing": ("query_exemplars?query=nope", []),
    "a formatted query": ("format_query?query=sum(up)by(job)", "sum by (job) (up)"),
    "a query as a tree": ("parse_query?query=1", {"type": "numberLiteral", "val": "1"}),
    "rules": ("rules", {"groups": []}),
    "rules of a kind": ("rules?type=ALERT&exclude_alerts=true&group_limit=2&match[]=up", {"groups": []}),
    "alerts": ("alerts", {"alerts": []}),
    "alertmanagers": ("alertmanagers", {"activeAlertmanagers": [], "droppedAlertmanagers": []}),
    "the configuration": ("status/config", {"yaml": "global: {}\n"}),
    "flags": ("status/flags", {"query.lookback-delta": "5m", "web.enable-admin-api": "false"}),
    "no log to replay": ("status/walreplay", {"min": 0, "max": 0, "current": 0}),
    "no blocks": ("status/tsdb/blocks", {"blocks": []}),
    "no notifications": ("notifications", []),
    "pools": ("scrape_pools", {"scrapePools": ["a", "b"]}),
    "what targets tell": (
        "targets/metadata?match_target=%7Bjob=%22a%22%7D&limit=1",
        [
            {"target": {"instance": "x", "job": "a"}, "metric": "size", "type": "gauge", "help": "Size.", "unit": "bytes"},
            {"target": {"instance": "x", "job": "a"}, "metric": "up", "type": "gauge", "help": "Up.", "unit": ""},
        ],
    ),
    "what targets tell of one metric": (
        "targets/metadata?metric=up",
        [{"target": {"instance": "x", "job": "a"}, "type": "gauge", "help": "Up.", "unit": ""}],
    ),
    "what no target tells": ("targets/metadata?match_target=%7Bjob=%22b%22%7D", []),
    "what nobody is asked for": ("targets/metadata?limit=0", []),
}  # fmt: skip


@pytest.mark.parametrize(("path", "wanted"), DATA.values(), ids=DATA)
async def test_answers(api: Api, path: str, wanted: Any) -> None:
    answer = await api.get(f"{V1}/{path}")

    assert answer.json() == {"status": "success", "data": wanted}
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")


CUT: dict[str, tuple[str, list[Any]]] = {
    "a vector": (f"query?query=up&time={AT}&limit=1", vector((UP_A, "0"))["result"]),
    "a matrix": (f"{RANGE}&limit=1", BOTH[:1]),
    "labels": ("labels?limit=2", ["__name__", "code"]),
    "label values": ("label/code/values?limit=1", ["200"]),
}


@pytest.mark.parametrize(("path", "wanted"), CUT.values(), ids=CUT)
async def test_a_limit_cuts_and_says_so(api: Api, path: str, wanted: list[Any]) -> None:
    answer = (await api.get(f"{V1}/{path}")).json()

    assert answer["warnings"] == ["results truncated due to limit"]
    assert (answer["data"]["result"] if isinstance(answer["data"], dict) else answer["data"]) == wanted


@pytest.mark.parametrize("path", [f"query?query=up&time={AT}&limit=2", "label/code/values?limit=2", "labels?limit=0"])
async def test_a_limit_that_is_not_reached_says_nothing(api: Api, path: str) -> None:
    assert "warnings" not in (await api.get(f"{V1}/{path}")).json()


async def test_series_are_cut_and_it_is_said(api: Api) -> None:
    answer = (await api.get(f"{V1}/series?match[]=up&limit=1")).json()

    assert (len(answer["data"]), answer["warnings"]) == (1, ["results truncated due to limit"])


FORMS: dict[str, tuple[str, str, Any]] = {
    "a query": ("query", f"query=sum(up)&time={AT}", vector(({}, "1"))),
    "what is in the form before what is in the URL": (f"query?query=2&time={AT}", f"query=sum(up)&time={AT}", vector(({}, "1"))),
    "text that is not escaped": ("format_query", 'query=up{a="ü"}', 'up{a="ü"}'),
    "a range": (
        "query_range", f"query=sum(up)&start={AT}&end={AT}&step=1",
        {"resultType": "matrix", "result": [{"metric": {}, "values": [[AT, "1"]]}]},
    ),
    "labels": ("labels", "match%5B%5D=up&match%5B%5D=requests_total", ["__name__", "code", "instance", "job", "zone"]),
    "series": ("series", "match[]=up", [UP_A, UP_B]),
    "exemplars": ("query_exemplars", "query=nope", []),
    "a tree": ("parse_query", "query=1", {"type": "numberLiteral", "val": "1"}),
}  # fmt: skip


@pytest.mark.parametrize(("path", "form", "wanted"), FORMS.values(), ids=FORMS)
async def test_answers_forms(api: Api, path: str, form: str, wanted: Any) -> None:
    answer = await api.ask("POST", f"{V1}/{path}", form)

    assert answer.json() == {"status": "success", "data": wanted}


async def test_exemplars_of_a_query_without_series_are_no_content(api: Api) -> None:
    assert (await api.get(f"{V1}/query_exemplars?query=1")).status_code == 204


async def test_warnings_and_infos_of_a_query_are_told(api: Api) -> None:
    warned = (await api.get(f"{V1}/query?query=quantile(2,up)&time={AT}")).json()
    informed = (await api.get(f"{V1}/query?query=rate(up[5m])&time={AT}")).json()

    assert warned["warnings"] == ["PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)"]
    assert informed["infos"][0].startswith("PromQL info: metric might not be a counter")


STATS = [("stats=true", False), ("stats=all", True)]


@pytest.mark.parametrize(("asked", "each"), STATS, ids=["in short", "all"])
async def test_what_a_query_took_is_told_to_who_asks(api: Api, asked: str, each: bool) -> None:
    stats = (await api.get(f"{V1}/query?query=up&time={AT}&{asked}")).json()["data"]["stats"]

    assert list(stats["timings"]) == [
        "evalTotalTime", "resultSortTime", "queryPreparationTime", "innerEvalTime", "execQueueTime", "execTotalTime"
    ]  # fmt: skip
    assert stats["samples"]["totalQueryableSamples"] == stats["samples"]["peakSamples"] > 0
    assert ("totalQueryableSamplesPerStep" in stats["samples"]) is each


ACTIVE = {
    "discoveredLabels": {"__address__": "x:80", "job": "a"},
    "labels": {"instance": "x", "job": "a"},
    "scrapePool": "a",
    "scrapeUrl": "http://x:80/metrics",
    "globalUrl": "http://x:80/metrics",
    "lastError": "",
    "lastScrape": "2024-10-04T11:59:58.5Z",
    "lastScrapeDuration": 0.25,
    "lastScrapeSamples": 7,
    "health": "up",
    "scrapeInterval": "15s",
    "scrapeTimeout": "10s",
}
DROPPED = [{"discoveredLabels": {"__address__": "z"}, "scrapePool": "b"}]

TARGETS: dict[str, tuple[str, list[str], list[Any], Any]] = {
    "all": ("", ["a", "b"], DROPPED, {"a": 0, "b": 1}),
    "any": ("?state=any", ["a", "b"], DROPPED, {"a": 0, "b": 1}),
    "active": ("?state=Active", ["a", "b"], [], None),
    "dropped": ("?state=dropped", [], DROPPED, {"a": 0, "b": 1}),
    "of a pool": ("?scrapePool=a", ["a"], [], {"a": 0, "b": 1}),
}


@pytest.mark.parametrize(("asked", "active", "dropped", "counts"), TARGETS.values(), ids=TARGETS)
async def test_targets(api: Api, asked: str, active: list[str], dropped: list[Any], counts: Any) -> None:
    data = (await api.get(f"{V1}/targets{asked}")).json()["data"]

    assert [one["scrapePool"] for one in data["activeTargets"]] == active
    assert (data["droppedTargets"], data["droppedTargetCounts"]) == (dropped, counts)


async def test_a_target_tells_how_its_last_scrape_went(api: Api) -> None:
    up, down = (await api.get(f"{V1}/targets")).json()["data"]["activeTargets"]

    assert up == ACTIVE
    assert [down[name] for name in ("health", "lastError", "lastScrape", "scrapeInterval", "scrapeTimeout")] == [
        "down", "connection refused", "0001-01-01T00:00:00Z", "1m30s", "500ms"
    ]  # fmt: skip


async def test_what_makes_the_most_series(api: Api) -> None:
    data = (await api.get(f"{V1}/status/tsdb?limit=2")).json()["data"]

    assert (data["headStats"]["numSeries"], data["headStats"]["maxTime"]) == (7, NOW)
    assert data["seriesCountByMetricName"] == [{"name": "requests_total", "value": 2}, {"name": "up", "value": 2}]
    assert data["labelValueCountByLabelName"][0] == {"name": "__name__", "value": 5}
    assert data["seriesCountByLabelValuePair"][0] == {"name": "job=a", "value": 5}
    assert len(data["memoryInBytesByLabelName"]) == 2


async def test_build_and_run_time(api: Api) -> None:
    """What Grafana looks at: a version of Prometheus, and no `features`, which would make this a Mimir."""
    build = (await api.get(f"{V1}/status/buildinfo")).json()["data"]
    run = (await api.get(f"{V1}/status/runtimeinfo")).json()["data"]

    assert build == {
        "version": "3.14.0", "revision": "1.2.3", "branch": "firstlight", "buildUser": "", "buildDate": "", "goVersion": ""
    }  # fmt: skip
    assert (run["startTime"], run["serverTime"]) == ("2024-10-04T11:59:00Z", "2024-10-04T12:00:00Z")
    assert (run["reloadConfigSuccess"], run["storageRetention"]) == (True, "30d")
    assert set(run) == {
        "startTime", "CWD", "hostname", "serverTime", "reloadConfigSuccess", "lastConfigTime", "corruptionCount",
        "goroutineCount", "GOMAXPROCS", "GOMEMLIMIT", "GOGC", "GODEBUG", "storageRetention",
    }  # fmt: skip


async def test_features(api: Api) -> None:
    data = (await api.get(f"{V1}/features")).json()["data"]

    assert [data["promql_functions"][name] for name in ("rate", "mad_over_time")] == [True, False]
    assert [data["promql_operators"][name] for name in ("topk", "limitk")] == [True, False]
    assert [data["promql"][name] for name in ("at_modifier", "smoothed")] == [True, False]
