"""What samples are labelled with (P5)."""

from __future__ import annotations

import pytest

from firstlight.ingest.scrape.fetch import ScrapeFailed
from firstlight.ingest.scrape.labelling import Labelling, merged
from tests.ingest.scrape.hand import job

TARGET = {"job": "shop", "instance": "a:1"}

MERGED = (
    # what it shows, honor_labels, labels exposed, labels made
    ("the target's are added", False, {"x": "1"}, {"x": "1", **TARGET}),
    ("the target's win", False, {"job": "j"}, {"exposed_job": "j", **TARGET}),
    ("an empty one is no label", False, {"job": ""}, TARGET),
    ("what it is renamed to is taken", False, {"job": "j", "exposed_job": "e"}, {"exposed_job": "e", "exposed_exposed_job": "j", **TARGET}),
    ("those exposed are honored", True, {"job": "j"}, {"job": "j", "instance": "a:1"}),
    ("an empty one is honored", True, {"instance": ""}, {"job": "shop"}),
)  # fmt: skip


@pytest.mark.parametrize(("honor", "exposed", "made"), [row[1:] for row in MERGED], ids=[row[0] for row in MERGED])
def test_merged(honor: bool, exposed: dict[str, str], made: dict[str, str]) -> None:
    """Labels of the target and of the sample come together as with Prometheus."""
    assert merged(exposed, TARGET, honor=honor) == made


def test_the_longer_label_makes_room() -> None:
    """Two labels of the target that are exposed, one named as the other is renamed: the shorter is renamed first."""
    target = {"job": "shop", "exposed_job": "e"}

    made = merged({"job": "j", "exposed_job": "x"}, target, honor=False)

    assert made == {**target, "exposed_exposed_job": "j", "exposed_exposed_exposed_job": "x"}


RULED = (
    # what it shows, settings of the job, labels exposed, labels made; None if dropped
    ("a rule sees the target's labels", ", metric_relabel_configs: [{source_labels: [job], target_label: team}]", {"__name__": "m"}, {"__name__": "m", "team": "shop", **TARGET}),
    ("a rule drops", ", metric_relabel_configs: [{source_labels: [__name__], regex: 'm.*', action: drop}]", {"__name__": "m"}, None),
    ("a rule renames", ", metric_relabel_configs: [{target_label: __name__, replacement: n}]", {"__name__": "m"}, {"__name__": "n", **TARGET}),
)  # fmt: skip


@pytest.mark.parametrize(("more", "exposed", "made"), [row[1:] for row in RULED], ids=[row[0] for row in RULED])
def test_ruled(more: str, exposed: dict[str, str], made: dict[str, str] | None) -> None:
    """metric_relabel_configs are applied last."""
    assert Labelling(TARGET, rules=job(more).metric_relabel)(exposed) == made


REFUSED = (
    # what it shows, settings of the job, labels exposed, the error
    ("no name", ", metric_relabel_configs: [{action: labeldrop, regex: __name__}]", {"__name__": "m"}, "missing metric name (__name__ label)"),
    ("too many labels", ", label_limit: 3", {"__name__": "m", "a": "1"}, "label_limit exceeded (metric: m, number of labels: 4, limit: 3)"),
    ("a name too long", ", label_name_length_limit: 8", {"__name__": "m", "abcdefghi": "1"}, "label_name_length_limit exceeded (metric: m, label name: abcdefghi, length: 9, limit: 8)"),
    ("a value too long", ", label_value_length_limit: 4", {"__name__": "m", "a": "12345"}, 'label_value_length_limit exceeded (metric: m, label name: a, value: "12345", length: 5, limit: 4)'),
    ("UTF-8 where it is not wanted", ", metric_name_validation_scheme: legacy", {"__name__": "m.x"}, 'invalid metric name or label names: {__name__="m.x", instance="a:1", job="shop"}'),
    ("a label in UTF-8 where it is not wanted", ", metric_name_validation_scheme: legacy", {"__name__": "m", "a.b": "1"}, 'invalid metric name or label names: {__name__="m", a.b="1", instance="a:1", job="shop"}'),
)  # fmt: skip


@pytest.mark.parametrize(("more", "exposed", "words"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refused(more: str, exposed: dict[str, str], words: str) -> None:
    """What fails a scrape is told in Prometheus' words."""
    made = job(more)
    labelling = Labelling(TARGET, rules=made.metric_relabel, limits=made.limits, legacy=made.is_legacy)

    with pytest.raises(ScrapeFailed) as error:
        labelling(exposed)

    assert str(error.value) == words


def test_a_colon_is_a_letter_of_metrics() -> None:
    """Names of recording rules are names to those who want no UTF-8."""
    assert Labelling({}, legacy=True)({"__name__": "a:b"}) == {"__name__": "a:b"}
