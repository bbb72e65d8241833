"""What is stored of what a target answers, scrape after scrape (P5): samples, what is told of the scrape, and ends."""

from __future__ import annotations

import gzip
from dataclasses import replace

import pytest

from firstlight.ingest.scrape.fetch import Answer
from firstlight.ingest.scrape.reading import Reading, Taken
from tests.ingest.scrape.hand import NOON, Rig, job, target, text
from tests.wire.prometheus.test_protobuf import CLASSIC, NATIVE, family

pytestmark = pytest.mark.anyio

STEP = 15_000
OPENMETRICS = "application/openmetrics-text; version=1.0.0"

Told = tuple[float, float, float, float]
"""What is told of a scrape: up, samples scraped, after relabelling, series added."""


class Reader:
    """Reads answers as a job says, and stores them."""

    def __init__(self, more: str = "") -> None:
        self.rig = Rig()
        of = job(more)
        self.reading = Reading(self.rig.book, "default", of, target(of))
        self.now = NOON * 1000

    async def read(self, answer: Answer | str) -> Taken:
        """Read an answer as of a step later than the last."""
        self.now += STEP
        taken = self.reading.take(answer, self.now, lambda: 0.25)
        await self.rig.store.append(taken.batch)
        self.reading.stored(taken)
        return taken

    def values(self) -> dict[str, float | str]:
        """Return what was stored at the last step, but for what is told of the scrape."""
        return {name: value for name, value in self.rig.store.values(at=self.now).items() if name != "up"}

    def told(self) -> Told:
        """Return what was told of the last scrape."""
        found = self.rig.store.values(at=self.now, but=" ")
        names = ("up", "scrape_samples_scraped", "scrape_samples_post_metric_relabeling", "scrape_series_added")
        one, two, three, four = (float(found[name]) for name in names)
        return one, two, three, four


SERIES: tuple[tuple[str, str, list[Answer | str], dict[str, float | str], Told], ...] = (
    # what it shows, settings, answers one after the other, what is stored of the last, what is told of it
    ("samples", "", [text("a 1\nb 2\n")], {"a": 1, "b": 2}, (1, 2, 2, 2)),
    ("nothing is something", "", [text("")], {}, (1, 0, 0, 0)),
    ("the same again", "", [text("a 1\n"), text("a 2\n")], {"a": 2}, (1, 1, 1, 0)),
    ("one that is new", "", [text("a 1\n"), text("a 2\nb 1\n")], {"a": 2, "b": 1}, (1, 2, 2, 1)),
    ("one that is gone", "", [text("a 1\nb 1\n"), text("a 2\n")], {"a": 2, "b": "stale"}, (1, 1, 1, 0)),
    ("one that is gone ends once", "", [text("a 1\nb 1\n"), text("a 2\n"), text("a 3\n")], {"a": 3}, (1, 1, 1, 0)),
    ("one that comes back is new", "", [text("a 1\nb 1\n"), text("a 2\n"), text("a 3\nb 3\n")], {"a": 3, "b": 3}, (1, 2, 2, 1)),
    ("a scrape that failed", "", [text("a 1\n"), "context deadline exceeded"], {"a": "stale"}, (0, 0, 0, 0)),
    ("it fails again", "", [text("a 1\n"), "no", "no"], {}, (0, 0, 0, 0)),
    ("after a scrape that failed nothing is new", "", [text("a 1\n"), "no", text("a 2\n")], {"a": 2}, (1, 1, 1, 0)),
    ("the server answers something else", "", [text("a 1\n"), text("<html>\n")], {"a": "stale"}, (0, 0, 0, 0)),
    ("a bad line spoils all of them", "", [text("a 1\nb 2\n"), text("a 2\nb x\nc 3\n")], {"a": "stale", "b": "stale"}, (0, 1, 1, 0)),
    ("a series twice: the first counts", "", [text("a 1\na 2\nb 3\n")], {"a": 1, "b": 3}, (1, 3, 3, 2)),
    ("and again twice", "", [text("a 1\na 2\nb 3\n"), text("a 4\na 5\nb 6\n")], {"a": 4, "b": 6}, (1, 3, 3, 0)),
    ("rules make one of two", ", metric_relabel_configs: [{action: labeldrop, regex: x}]", [text('a{x="1"} 1\na{x="2"} 2\n')], {"a": 1}, (1, 2, 2, 1)),
    ("rules drop", ", metric_relabel_configs: [{source_labels: [__name__], regex: b, action: drop}]", [text("a 1\nb 2\n")], {"a": 1}, (1, 2, 1, 1)),
    ("what is told of scrapes is not dropped", ", metric_relabel_configs: [{regex: '.*', action: drop}]", [text("a 1\n")], {}, (1, 1, 0, 0)),
    ("as many as may be", ", sample_limit: 2", [text("a 1\nb 2\n")], {"a": 1, "b": 2}, (1, 2, 2, 2)),
    ("more than may be", ", sample_limit: 2", [text("a 1\n"), text("a 1\nb 2\nc 3\n")], {"a": "stale"}, (0, 3, 3, 2)),
    ("what rules drop is not too much", ", sample_limit: 1, metric_relabel_configs: [{source_labels: [__name__], regex: b, action: drop}]", [text("a 1\nb 2\n")], {"a": 1}, (1, 2, 1, 1)),
    ("more than may be, then fewer", ", sample_limit: 1", [text("a 1\n"), text("a 1\nb 2\n"), text("a 2\n")], {"a": 2}, (1, 1, 1, 0)),
    ("a label too much spoils all of them", ", label_limit: 3", [text("a 1\n"), text('a 2\nb{x="1"} 1\n')], {"a": "stale"}, (0, 0, 0, 0)),
    ("no type of content", "", [Answer(b"a 1\n", "")], {}, (0, 0, 0, 0)),
    ("no type of content, and a fallback", ", fallback_scrape_protocol: PrometheusText0.0.4", [Answer(b"a 1\n", "")], {"a": 1}, (1, 1, 1, 1)),
    ("OpenMetrics", "", [text("# TYPE a counter\na_total 1\n# EOF\n", OPENMETRICS)], {"a_total": 1}, (1, 1, 1, 1)),
    ("OpenMetrics cut short", "", [text("# TYPE a counter\na_total 1\n", OPENMETRICS)], {}, (0, 1, 1, 0)),
    ("compressed", "", [Answer(gzip.compress(b"a 1\n"), "text/plain", "gzip")], {"a": 1}, (1, 1, 1, 1)),
    ("compressed and broken", "", [Answer(gzip.compress(b"a 1\n")[:-9], "text/plain", "gzip")], {}, (0, 0, 0, 0)),
    ("as large as may be", ", body_size_limit: 8B", [text("a 1\nb 2\n")], {"a": 1, "b": 2}, (1, 2, 2, 2)),
    ("larger once it is decompressed", ", body_size_limit: 8B", [Answer(gzip.compress(b"a 1\nb 2\nc 3\n"), "text/plain", "gzip")], {}, (0, 0, 0, 0)),
    ("the format changes", "", [text("a 1\n"), text("# TYPE a gauge\na 2\n# EOF\n", OPENMETRICS)], {"a": 2}, (1, 1, 1, 0)),
)  # fmt: skip


@pytest.mark.parametrize(
    ("more", "answers", "values", "told"), [row[1:] for row in SERIES], ids=[row[0] for row in SERIES]
)
async def test_series(more: str, answers: list[Answer | str], values: dict[str, float | str], told: Told) -> None:
    """Samples are stored, and the ends of series, as Prometheus does."""
    reader = Reader(more)

    for answer in answers:
        await reader.read(answer)

    assert reader.values() == values
    assert reader.told() == told


OWN = NOON * 1000 + 5
TIMED = (
    # what it shows, settings, answers, series and times of all that is stored, but for what is told of scrapes
    ("its own time", "", [text(f"a 1 {OWN}\n")], [("a", OWN, 1.0)]),
    ("its own time is not honored", ", honor_timestamps: false", [text(f"a 1 {OWN}\n")], [("a", NOON * 1000 + STEP, 1.0)]),
    ("one with a time of its own does not end", "", [text(f"a 1 {OWN}\n"), text("")], [("a", OWN, 1.0)]),
    ("it does if that is tracked", ", track_timestamps_staleness: true", [text(f"a 1 {OWN}\n"), text("")], [("a", OWN, 1.0), ("a", NOON * 1000 + 2 * STEP, "stale")]),
    ("it does if its time is not honored", ", honor_timestamps: false", [text(f"a 1 {OWN}\n"), text("")], [("a", NOON * 1000 + STEP, 1.0), ("a", NOON * 1000 + 2 * STEP, "stale")]),
    ("the same series at two times", "", [text(f"a 1 {OWN}\na 2 {OWN + 1}\n")], [("a", OWN, 1.0), ("a", OWN + 1, 2.0)]),
    ("the same series twice at one time", "", [text(f"a 1 {OWN}\na 2 {OWN}\n")], [("a", OWN, 1.0)]),
)  # fmt: skip


@pytest.mark.parametrize(("more", "answers", "stored"), [row[1:] for row in TIMED], ids=[row[0] for row in TIMED])
async def test_timed(more: str, answers: list[Answer | str], stored: list[tuple[str, int, float | str]]) -> None:
    """Samples may tell their own time."""
    reader = Reader(more)

    for answer in answers:
        await reader.read(answer)

    found = [row for row in reader.rig.store.samples() if row[0] != "up" and not row[0].startswith("scrape_")]
    assert found == stored


ERRORS = (
    # what it shows, settings, answer, the error
    ("what failed before", "", "server returned HTTP status 404 Not Found", "server returned HTTP status 404 Not Found"),
    ("more than may be", ", sample_limit: 1", text("a 1\nb 2\n"), "sample limit exceeded"),
    ("larger than may be", ", body_size_limit: 3B", text("a 1\n"), "body size limit exceeded"),
    ("a bad line", "", text("a 1\nb x\n"), "cannot read the metrics as Prometheus text: line 2: "),
    ("no type of content", "", Answer(b"a 1\n", ""), "cannot read the metrics: there is no Content-Type; want text/plain"),
    ("an encoding nobody knows", "", text("a 1\n", encoding="rot13"), "cannot read the content encoding 'rot13'; want gzip"),
)  # fmt: skip


@pytest.mark.parametrize(("more", "answer", "error"), [row[1:] for row in ERRORS], ids=[row[0] for row in ERRORS])
async def test_errors(more: str, answer: Answer | str, error: str) -> None:
    """Why a scrape failed is told."""
    taken = await Reader(more).read(answer)

    assert taken.error.startswith(error)


async def test_what_is_told_besides() -> None:
    """extra_scrape_metrics tells limits and sizes too; what a scrape took is always told."""
    reader = Reader(", extra_scrape_metrics: true, sample_limit: 7, scrape_timeout: 5s")
    await reader.read(text("a 1\n"))

    found = reader.rig.store.values(but=" ")
    assert {name: found[name] for name in found if name.startswith("scrape_") and "samples" not in name} == {
        "scrape_duration_seconds": 0.25,
        "scrape_series_added": 1,
        "scrape_timeout_seconds": 5,
        "scrape_sample_limit": 7,
        "scrape_body_size_bytes": 4,
    }


async def test_a_body_over_its_limit_has_no_size() -> None:
    """As with Prometheus, -1 says that the body was too large."""
    reader = Reader(", extra_scrape_metrics: true, body_size_limit: 3B")
    await reader.read(text("a 1\n"))

    assert reader.rig.store.values(but=" ")["scrape_body_size_bytes"] == -1


async def test_ends_are_told_again_when_they_were_lost() -> None:
    """A series whose end the store did not take ends with the next scrape."""
    reader = Reader()
    await reader.read(text("a 1\nb 1\n"))
    reader.now += STEP
    reader.reading.lost(reader.reading.take(text("a 2\n"), reader.now, lambda: 0.0))

    await reader.read(text("a 3\n"))

    assert reader.values() == {"a": 3, "b": "stale"}


async def test_the_series_go_on_when_the_job_changes() -> None:
    """Rules that come in force end the series that they drop, and nothing is new."""
    reader = Reader()
    await reader.read(text("a 1\nb 1\n"))
    changed = job(", metric_relabel_configs: [{source_labels: [__name__], regex: b, action: drop}]")
    reader.reading = Reading(reader.rig.book, "default", changed, target(changed), reader.reading)

    await reader.read(text("a 2\nb 2\n"))

    assert reader.values() == {"a": 2, "b": "stale"}
    assert reader.told() == (1, 2, 1, 0)


AS_TEXT = """# TYPE h histogram
h_bucket{le="1"} 1
h_bucket{le="+Inf"} 2
h_sum 3
h_count 2
"""


async def test_histograms_end_too() -> None:
    """A native histogram that is gone ends as other series do."""
    reader = Reader(", convert_classic_histograms_to_nhcb: true")
    taken = await reader.read(text(AS_TEXT))
    assert taken.batch.tables["histograms"].num_rows == 1

    await reader.read(text(""))

    assert reader.values() == {"h": "stale"}


PROTOBUF = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
WITH_NATIVE = family("h", "histogram", {"histogram": {**CLASSIC, **NATIVE}}) + family(
    "g", "gauge", {"gauge": {"value": 2}}
)
FORMS = (
    # what it shows, settings, rows of histograms, series of samples, the ends when they are gone
    ("native histograms", ", scrape_native_histograms: true", 1, {"g"}, {"g", "h"}),
    ("classic ones by default", "", 0, {"g", "h_bucket", "h_sum", "h_count"}, {"g", "h_bucket", "h_sum", "h_count"}),
    ("both", ", scrape_native_histograms: true, always_scrape_classic_histograms: true", 1, {"g", "h_bucket", "h_sum", "h_count"}, {"g", "h", "h_bucket", "h_sum", "h_count"}),
)  # fmt: skip


@pytest.mark.parametrize(
    ("more", "histograms", "there", "ends"), [row[1:] for row in FORMS], ids=[row[0] for row in FORMS]
)
async def test_protobuf(more: str, histograms: int, there: set[str], ends: set[str]) -> None:
    """Histograms of protobuf are taken as the job says, and end as such."""
    reader = Reader(more)
    taken = await reader.read(Answer(WITH_NATIVE, PROTOBUF))
    rows = taken.batch.tables["histograms"].num_rows if "histograms" in taken.batch.tables else 0
    assert (taken.error, rows) == ("", histograms)
    assert {name.partition("{")[0] for name in reader.values()} == there

    await reader.read("context deadline exceeded")

    assert set(reader.values().values()) == {"stale"}
    assert {name.partition("{")[0] for name in reader.values()} == ends


async def test_what_is_known_costs_no_rows() -> None:
    """Rows of series and metadata are stored once a day."""
    reader = Reader()
    body = "# TYPE a gauge\n# HELP a some help\na 1\n"
    first, second = await reader.read(text(body)), await reader.read(text(body))

    assert {"series", "metadata"} <= first.batch.tables.keys()
    assert second.batch.tables.keys() == {"samples"}
    assert replace(second.told, added=1) == first.told
