"""Documents as log records: which field becomes what."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstlight.wire.logs.book import LogBook
from firstlight.wire.shippers.document import document_record
from firstlight.wire.shippers.flat import flatten
from firstlight.wire.shippers.gathering import Gathering
from tests.wire.shippers.gathered import told_record

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def read(document: dict[str, object], service: str = "") -> dict[str, Any]:
    return told_record(document_record(flatten(document), bodies=("message",), whole=lambda: "whole", service=service))


PLACES = [
    # what                      document                                                    column        is
    ("the time",                {"@timestamp": "1970-01-01T00:00:01Z"},                     "ts",         10**9),
    ("no time",                 {"@timestamp": "soon"},                                     "ts",         0),
    ("the line",                {"message": "it"},                                          "body",       "it"),
    ("a line that is a number", {"message": 5},                                             "body",       "5"),
    ("a line that is a list",   {"message": ["a"]},                                         "body",       '["a"]'),
    ("no line",                 {"a": 1},                                                   "body",       "whole"),
    ("ECS level",               {"log": {"level": "warn"}},                                 "severity",   13),
    ("its word",                {"log.level": "WARN"},                                      "word",       "WARN"),
    ("a level",                 {"level": "CRITICAL"},                                      "severity",   18),
    ("an unknown level",        {"level": "loud"},                                          "severity",   0),
    ("its word as well",        {"level": "loud"},                                          "word",       "loud"),
    ("a trace",                 {"trace": {"id": TRACE}},                                   "trace",      TRACE.strip("0")),
    ("a trace, flat",           {"trace_id": TRACE},                                        "trace",      TRACE.strip("0")),
    ("no trace",                {"trace_id": "abc"},                                        "trace",      ""),
    ("a span",                  {"span.id": SPAN},                                          "span",       SPAN),
    ("a host",                  {"host": "h"},                                              "resource",   {"host.name": "h"}),
    ("a host with a name",      {"host": {"name": "h", "ip": ["::1"]}},                     "resource",   {"host.name": "h", "host.ip": '["::1"]'}),
    ("a service",               {"service": {"name": "s", "version": "1"}},                 "resource",   {"service.name": "s", "service.version": "1"}),
    ("an environment",          {"service": {"environment": "prod"}},                       "resource",   {"deployment.environment.name": "prod"}),
    ("a service, one word",     {"service": "s"},                                           "resource",   {"service.name": "s"}),
    ("a program",               {"program": "/usr/bin/shop.py"},                            "resource",   {"service.name": "shop.py"}),
    ("a container",             {"container": {"name": "c", "id": "1"}},                    "resource",   {"container.name": "c", "container.id": "1"}),
    ("Kubernetes by Beats",     {"kubernetes": {"pod": {"name": "p"}, "labels": {"a/b": "x"}}}, "resource", {"k8s.pod.name": "p", "k8s.pod.label.a/b": "x"}),
    ("Kubernetes by Fluentd",   {"kubernetes": {"pod_name": "p", "namespace_name": "n", "host": "w"}}, "resource", {"k8s.pod.name": "p", "k8s.namespace.name": "n", "k8s.node.name": "w"}),
    ("the agent",               {"agent": {"type": "filebeat"}},                            "resource",   {"agent.type": "filebeat"}),
]  # fmt: skip


@pytest.mark.parametrize(("document", "column", "wanted"), [row[1:] for row in PLACES], ids=[row[0] for row in PLACES])
def test_puts_fields_in_their_places(document: dict[str, object], column: str, wanted: object) -> None:
    assert read(document)[column] == wanted


def test_keeps_everything_else_beside_the_line() -> None:
    row = read({"message": "m", "fields": {"team": "a"}, "labels": {"n": 1}, "tags": ["x"], "none": None, "ok": True})

    assert row["attributes"] == {"fields.team": "a", "labels.n": "1", "tags": '["x"]', "ok": "true"}
    assert row["types"] == "siab"


def test_tells_nothing_twice_where_the_line_is_the_whole_document() -> None:
    row = read({"a": 1, "host": "h"})

    assert (row["body"], row["attributes"], row["resource"]) == ("whole", {}, {"host.name": "h"})


def test_keeps_a_second_host_that_is_another_one() -> None:
    row = read({"message": "m", "host": "a", "logsource": "b"})

    assert (row["resource"], row["attributes"]) == ({"host.name": "a"}, {"logsource": "b"})


def test_takes_the_service_of_the_protocol_last() -> None:
    assert read({"message": "m", "fields": {"service": "f"}}, service="p")["resource"] == {"service.name": "f"}
    assert read({"message": "m"}, service="p")["resource"] == {"service.name": "p"}


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**64), st.floats(), st.text()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
NAMES = st.sampled_from(
    ["message", "@timestamp", "host", "service", "level", "log", "trace_id", "kubernetes", "program", "fields", "a"]
)


@given(st.dictionaries(NAMES, VALUES))
def test_takes_any_values(document: dict[str, object]) -> None:
    gathering = Gathering(LogBook())
    gathering.add(document_record(flatten(document), bodies=("message",), whole=lambda: "whole"))
    batch = gathering.drain("default", 10**18).batch

    assert batch.items + batch.rejected.total == 1
