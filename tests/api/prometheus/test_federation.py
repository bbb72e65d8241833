"""`/federate` gives what a scrape of it should store: the latest samples, with the labels of this server."""

from __future__ import annotations

import numpy as np
import pytest

from firstlight.api.prometheus.exposition import exposition
from firstlight.api.prometheus.latest import Latest
from firstlight.api.prometheus.negotiation import Form, form_of
from firstlight.query.promql.histogram import Buckets, Histogram
from firstlight.query.promql.values import Labels
from firstlight.wire.prometheus.messages import families as read_families
from tests.api.prometheus.conftest import Api
from tests.query.metrics.shop import NOW

pytestmark = pytest.mark.anyio

TEXT = "text/plain; version={}; charset=utf-8; escaping={}"
UP = f"""# TYPE up untyped
up{{instance="x",job="a",replica="r",zone="lab"}} 0 {NOW}
up{{instance="y",job="b",zone="own",replica="r"}} 1 {NOW}
"""
REQUESTS = f"""# TYPE requests_total untyped
requests_total{{code="200",job="a",instance="",replica="r",zone="lab"}} 130 {NOW}
requests_total{{code="500",job="a",instance="",replica="r",zone="lab"}} 1e+06 {NOW}
"""
ADDED = 'instance="",replica="r",zone="lab"'

FEDERATED = {
    "a metric": ("match[]=up", "", "underscores", UP),
    "several, by name": ("match[]=up&match[]=requests_total", "", "underscores", REQUESTS + UP),
    "each once": ("match[]=up&match[]=%7Bjob=~%22.*%22,__name__=%22up%22%7D", "", "underscores", UP),
    "of another tenant": ("match[]=foreign", "", "underscores", ""),
    "what has ended": ("match[]=gone", "", "underscores", ""),
    "what is too old": ("match[]=old", "", "underscores", ""),
    "nothing asked for": ("", "", "underscores", ""),
    "a name with a dot": (
        "match[]=%7B%22http.size%22%7D", "", "underscores",
        f'# TYPE http_size untyped\nhttp_size{{my_label="a\\"b",{ADDED}}} 0.5 {NOW}\n',
    ),
    "a name with a dot for who knows them": (
        "match[]=%7B%22http.size%22%7D", "text/plain;version=1.0.0;escaping=allow-utf-8", "allow-utf-8",
        f'# TYPE "http.size" untyped\n{{"http.size","my.label"="a\\"b",{ADDED}}} 0.5 {NOW}\n',
    ),
}  # fmt: skip


@pytest.mark.parametrize(("asked", "accept", "scheme", "wanted"), FEDERATED.values(), ids=FEDERATED)
async def test_federates(api: Api, asked: str, accept: str, scheme: str, wanted: str) -> None:
    answer = await api.get(f"/federate?{asked}", accept=accept)

    assert answer.text == wanted
    version = "1.0.0" if "1.0.0" in accept else "0.0.4"
    assert (answer.status_code, answer.headers["content-type"]) == (200, TEXT.format(version, scheme))


async def test_a_wrong_selector_is_told_in_text(api: Api) -> None:
    answer = await api.get("/federate?match[]=up%7B")

    assert (answer.status_code, answer.text) == (400, "1:4: parse error: unexpected end of input inside braces\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


PROTOBUF = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding="
MODERN = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)

ACCEPTED = {
    "nothing": ("", Form()),
    "anything": ("*/*", Form()),
    "what Prometheus 2 sends": ("text/plain;version=0.0.4;q=0.5,*/*;q=0.1", Form()),
    "what Prometheus 3 sends": (MODERN, Form("allow-utf-8", version="1.0.0")),
    "what it sends for histograms": (f"{PROTOBUF}delimited;q=0.9,{MODERN}", Form(is_protobuf=True)),
    "text rather than protobuf": (f"{PROTOBUF}delimited;q=0.1,text/plain", Form()),
    "another encoding of protobuf": (f"{PROTOBUF}text,text/plain;q=0.1", Form()),
    "an escaping": ("text/plain; escaping=values", Form("values")),
    "an escaping that is none": ("text/plain;escaping=unknown", Form()),
    "a version that is none": ("text/plain;version=9,text/plain;version=1.0.0;q=0.1", Form(version="1.0.0")),
}


@pytest.mark.parametrize(("accept", "form"), ACCEPTED.values(), ids=ACCEPTED)
def test_the_format_that_is_wanted(accept: str, form: Form) -> None:
    assert form_of(accept) == form


def series(value: float | Histogram, **labels: str) -> Latest:
    pairs: Labels = tuple(sorted((name.replace("name", "__name__"), text) for name, text in labels.items()))
    return Latest(pairs, 5, 0.0, value) if isinstance(value, Histogram) else Latest(pairs, 5, value, None)


WHOLE = Histogram(
    schema=-1,
    count=6.5,
    sum=7.0,
    zero_threshold=0.125,
    zero_count=0.5,
    positive=Buckets(-2, np.array([1.0, 2.0])),
    negative=Buckets(3, np.array([3.0])),
)

LINES = {
    "a line break in a label": (series(1.0, name="a", x="\\\n"), '# TYPE a untyped\na{x="\\\\\\n"} 1 5\n'),
    "no labels": (series(1.0, name="a"), "# TYPE a untyped\na 1 5\n"),
    "no name": (series(1.0, x="1"), ""),
    "no number": (series(float("nan"), name="a"), "# TYPE a untyped\na NaN 5\n"),
    "no end": (series(float("-inf"), name="a"), "# TYPE a untyped\na -Inf 5\n"),
    "a small one": (series(1e-7, name="a"), "# TYPE a untyped\na 1e-07 5\n"),
    "a histogram": (series(WHOLE, name="a"), ""),
}


@pytest.mark.parametrize(("one", "wanted"), LINES.values(), ids=LINES)
def test_lines(one: Latest, wanted: str) -> None:
    assert b"".join(exposition([one], [], Form())).decode() == wanted


def test_protobuf_is_read_by_who_reads_expositions() -> None:
    """By our own reader, which others' messages are read with."""
    found = [series(WHOLE, name="a", x="1"), series(2.5, name="a", x="2"), series(-1.0, name="b")]

    body = b"".join(exposition(found, [("job", "j")], Form(is_protobuf=True)))
    families = [one for _, one in read_families(body)]

    assert [(one.name, one.type, len(one.metric)) for one in families] == [(b"a", 4, 1), (b"a", 3, 1), (b"b", 3, 1)]
    told = families[0].metric[0].histogram
    assert (told.schema, told.sample_count_float, told.sample_sum) == (-1, 6.5, 7.0)
    assert (told.zero_threshold, told.zero_count_float) == (0.125, 0.5)
    assert [(one.offset, one.length) for one in (*told.positive_span, *told.negative_span)] == [(-2, 2), (3, 1)]
    assert (list(told.positive_count), list(told.negative_count)) == ([1.0, 2.0], [3.0])
    assert [one.metric[0].untyped.value for one in families[1:]] == [2.5, -1.0]
    assert {one.metric[0].timestamp_ms for one in families} == {5}


def test_histograms_with_bounds_of_their_own_have_no_message() -> None:
    custom = Histogram(schema=-53, count=1.0, positive=Buckets(0, np.array([1.0])), custom_bounds=(2.0,))

    assert b"".join(exposition([series(custom, name="a")], [], Form(is_protobuf=True))) == b""
