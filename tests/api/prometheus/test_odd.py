"""Whatever is asked, it is answered or refused in words; nothing that a client sends is a bug of the server (C1)."""

from __future__ import annotations

import pytest

from tests.api.prometheus.conftest import Api

pytestmark = pytest.mark.anyio

V1 = "/api/v1"
ALWAYS = "start=-292273086-05-16T16:47:06Z&end=292277025-08-18T07:12:54.999999999Z"

ODD = {
    # what is asked, and with which statuses it may be answered
    "bytes that are no text": ("query?query=up%FF", {400}),
    "bytes that are no text in a string": ("query?query=up%7Ba=%22%FF%22%7D", {400}),
    "a zero byte": ("query?query=up%00", {400}),
    "a zero byte in a selector": ("series?match[]=up%7Ba=%22%00%22%7D", {200}),
    "a zero byte in a label": ("label/a%00b/values", {200}),
    "bytes that are no text in a label": ("label/a%FFb/values", {200, 400}),
    "a label with a quote": ("label/a'%22%60b/values", {200}),
    "a label with a brace": ("label/%7Ba:String%7D/values", {200}),
    "the end of time": ("query?query=up&time=9223372036854700", {200}),
    "the beginning of time": ("query?query=up&time=-9223372036854700", {200}),
    "after it": ("query?query=up&time=9223372036854776", {400}),
    "all times": (f"labels?{ALWAYS}", {200}),
    "exemplars of all times": (f"query_exemplars?query=up&{ALWAYS}", {200}),
    "series that end before they begin": ("series?match[]=up&start=2&end=1", {200}),
    "a range of all times": (f"query_range?query=up&step=1&{ALWAYS}", {400}),
    "a range of all times in long steps": ("query_range?query=1&start=-9e15&end=9e15&step=9e15", {200, 400}),
    "an endless lookback": ("query?query=up&lookback_delta=290y", {200}),
    "a negative lookback": ("query?query=up&lookback_delta=-5", {200, 400}),
    "no time at all": ("query?query=up&timeout=0", {200, 503}),
    "less time than none": ("query?query=up&timeout=-1", {200, 503}),
    "a large limit": ("labels?limit=9223372036854775807", {200}),
    "a limit of a larger number": ("labels?limit=9223372036854775808", {400}),
    "a large limit of series": ("series?match[]=up&limit=9223372036854775807", {200}),
    "metadata with a large limit": ("metadata?limit=9223372036854775807&limit_per_metric=9223372036854775807", {200}),
    "metadata of a quote": ("metadata?metric=%27%22%7Ba:String%7D", {200}),
    "a bad regular expression": ("series?match[]=%7Ba=~%22(%22%7D", {400}),
    "a regular expression that others choke on": ("series?match[]=%7Ba=~%22(x%2Bx%2B)%2By%22%7D", {200}),
    "half of an escape": ("query?query=%", {400}),
    "many parameters": ("query?query=1&" + "&".join(f"a{n}=1" for n in range(2_000)), {200}),
    "many selectors": ("series?" + "&".join(f"match[]=a{n}" for n in range(500)), {200}),
    "many of what makes most": ("status/tsdb?limit=10000", {200}),
    "a tree of a deep query": ("parse_query?query=" + "(" * 90 + "1" + ")" * 90, {200}),
    "a tree of a deeper query": ("parse_query?query=" + "(" * 900 + "1" + ")" * 900, {400}),
    "a semicolon": ("query?query=1;a=2", {200, 400}),
}


@pytest.mark.parametrize(("path", "statuses"), ODD.values(), ids=ODD)
async def test_odd_requests(api: Api, path: str, statuses: set[int]) -> None:
    answer = await api.get(f"{V1}/{path}")

    assert answer.status_code in statuses, answer.text
    assert answer.json()["status"] == ("success" if answer.status_code == 200 else "error")
