"""The server's own metrics: in which format, and the page that lists them."""

from __future__ import annotations

import pytest

from firstlight.app.exposition import expose
from firstlight.sdk.metrics import Registry

TEXT, OPENMETRICS = (
    "text/plain; version=0.0.4; charset=utf-8",
    "application/openmetrics-text; version=1.0.0; charset=utf-8",
)

ACCEPTED = [
    # who asks                   Accept                                                                                           what it gets
    ("nobody in particular",     "",                                                                                              TEXT),
    ("curl",                     "*/*",                                                                                           TEXT),
    ("a browser",                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",                               TEXT),
    ("an old Prometheus",        "text/plain;version=0.0.4;q=1,*/*;q=0.1",                                                        TEXT),
    ("Prometheus 2",             "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", OPENMETRICS),
    ("OpenMetrics or nothing",   "application/openmetrics-text",                                                                  OPENMETRICS),
    ("in other letters",         "Application/OpenMetrics-Text; Q=0.5, text/plain; q=0.2",                                        OPENMETRICS),
    ("rather text",              "application/openmetrics-text;q=0.5,text/plain;q=0.9",                                           TEXT),
    ("nonsense",                 "application/openmetrics-text;q=much,;;,",                                                       TEXT),
]  # fmt: skip


@pytest.mark.parametrize(("accept", "wanted"), [row[1:] for row in ACCEPTED], ids=[row[0] for row in ACCEPTED])
def test_format(accept: str, wanted: str) -> None:
    registry = Registry()
    registry.counter("things_total", "Things.").add(2)

    body, content_type = expose(registry, accept)

    assert content_type == wanted
    assert b"things_total 2" in body
    assert body.endswith(b"# EOF\n") == (wanted == OPENMETRICS)
