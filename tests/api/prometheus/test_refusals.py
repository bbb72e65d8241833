"""Every endpoint refuses what Prometheus refuses, with its words, types and statuses (P5)."""

from __future__ import annotations

import pytest

from tests.api.prometheus.conftest import Api
from tests.query.metrics.shop import NOW

pytestmark = pytest.mark.anyio

AT = NOW // 1000
V1 = "/api/v1"

REFUSED: dict[str, tuple[str, int, str, str]] = {
    "no query": ("query", 400, "bad_data", 'invalid parameter "query": 1:1: parse error: no expression found in input'),
    "a query that is not closed": (
        "query?query=sum(", 400, "bad_data", 'invalid parameter "query": 1:5: parse error: unclosed left parenthesis'
    ),
    "a range of a string": (
        "query_range?query=%22s%22&start=0&end=1&step=1", 400, "bad_data",
        'invalid parameter "query": invalid expression type "string" for range query, must be Scalar or instant Vector',
    ),
    "labels that become the same": (
        f"query?query=label_replace(requests_total,%22code%22,%22x%22,%22%22,%22%22)&time={AT}", 422, "execution",
        "vector cannot contain metrics with the same labelset",
    ),
    "a time that is none": (
        "query?query=1&time=abc", 400, "bad_data",
        "invalid parameter \"time\": Invalid time value for 'time': cannot parse \"abc\" to a valid timestamp",
    ),
    "a timeout that is none": (
        "query?query=1&timeout=x", 400, "bad_data",
        'invalid parameter "timeout": cannot parse "x" to a valid duration',
    ),
    "a lookback that is none": (
        "query?query=1&lookback_delta=x", 400, "bad_data",
        'error parsing lookback delta duration: cannot parse "x" to a valid duration',
    ),
    "a limit that is none": (
        "query?query=1&limit=x", 400, "bad_data",
        'invalid parameter "limit": strconv.Atoi: parsing "x": invalid syntax',
    ),
    "less than nothing": ("labels?limit=-1", 400, "bad_data", 'invalid parameter "limit": limit must be non-negative'),
    "no start": (
        "query_range?query=1&end=1&step=1", 400, "bad_data",
        'invalid parameter "start": cannot parse "" to a valid timestamp',
    ),
    "an end before the start": (
        "query_range?query=1&start=2&end=1&step=1", 400, "bad_data",
        'invalid parameter "end": end timestamp must not be before start time',
    ),
    "no step": (
        "query_range?query=1&start=0&end=1", 400, "bad_data",
        'invalid parameter "step": cannot parse "" to a valid duration',
    ),
    "a step of nothing": (
        "query_range?query=1&start=0&end=1&step=0", 400, "bad_data",
        ('invalid parameter "step": zero or negative query resolution step widths are not accepted.'
        " Try a positive integer"),
    ),
    "too many points": (
        "query_range?query=1&start=0&end=11001&step=1", 400, "bad_data",
        "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
    ),
    "series of nothing": ("series", 400, "bad_data", "no match[] parameter provided"),
    "series of everything": (
        "series?match[]=%7B%7D", 400, "bad_data",
        'invalid parameter "match[]": match[] must contain at least one non-empty matcher',
    ),
    "labels of something that is no selector": (
        "labels?match[]=x%7B", 400, "bad_data", "1:3: parse error: unexpected end of input inside braces"
    ),
    "series of something that is no selector": (
        "series?match[]=x%7B", 400, "bad_data",
        'invalid parameter "match[]": 1:3: parse error: unexpected end of input inside braces',
    ),
    "a label without a name": ("label/U__/values?match[]=x%7B", 400, "bad_data", 'invalid label name: ""'),
    "labels from when": (
        "labels?start=x", 400, "bad_data",
        "invalid parameter \"start\": Invalid time value for 'start': cannot parse \"x\" to a valid timestamp",
    ),
    "metadata of how many": ("metadata?limit=x", 400, "bad_data", "limit must be a number"),
    "how much of each": ("metadata?limit_per_metric=x", 400, "bad_data", "limit_per_metric must be a number"),
    "exemplars of no query": (
        "query_exemplars?query=x%7B", 400, "bad_data", "1:3: parse error: unexpected end of input inside braces"
    ),
    "exemplars that end before they begin": (
        "query_exemplars?query=x&start=2&end=1", 400, "bad_data", "end timestamp must not be before start timestamp"
    ),
    "a format of nothing": (
        "format_query?query=sum(", 400, "bad_data",
        'invalid parameter "query": 1:5: parse error: unclosed left parenthesis',
    ),
    "rules of no kind": (
        "rules?type=zzz", 400, "bad_data", 'invalid parameter "type": not supported value "zzz"'
    ),
    "rules with or without": (
        "rules?exclude_alerts=perhaps", 400, "bad_data",
        ('invalid parameter "exclude_alerts": error converting exclude_alerts: strconv.ParseBool: parsing "perhaps":'
        " invalid syntax"),
    ),
    "groups of no number": (
        "rules?group_limit=0", 400, "bad_data", 'invalid parameter "group_limit": group_limit needs to be greater than 0'
    ),
    "a page of no number": (
        "rules?group_next_token=t", 400, "bad_data",
        'invalid parameter "group_next_token": group_limit needs to be present in order to paginate over the groups',
    ),
    "targets that match what": (
        "targets/metadata?match_target=x%7B", 400, "bad_data",
        'invalid parameter "match_target": 1:3: parse error: unexpected end of input inside braces',
    ),
    "how many of what makes most": ("status/tsdb?limit=0", 400, "bad_data", "limit must be a positive number"),
    "too many of it": ("status/tsdb?limit=10001", 400, "bad_data", "limit must not exceed 10000"),
}  # fmt: skip


@pytest.mark.parametrize(("path", "status", "kind", "words"), REFUSED.values(), ids=REFUSED)
async def test_refuses(api: Api, path: str, status: int, kind: str, words: str) -> None:
    answer = await api.get(f"{V1}/{path}")

    assert answer.json() == {"status": "error", "errorType": kind, "error": words}
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json")


async def test_a_form_of_another_type_is_refused(api: Api) -> None:
    answer = await api.ask("POST", f"{V1}/query", "{}", {"content-type": "application/json"})

    assert (answer.status_code, answer.json()["errorType"]) == (400, "bad_data")
    assert "want application/x-www-form-urlencoded" in answer.json()["error"]
