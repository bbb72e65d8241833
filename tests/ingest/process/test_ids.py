"""Ids of traces and spans, wherever lines spell them: A5, C9, R2."""

from __future__ import annotations

import pytest

from tests.ingest.process.trying import tried

TRACE, SPAN = "5b8aa5a2d2c872e8321cf37308d69df2", "051581bf3cb55c13"

LINES = [
    # what                              the line                                                         trace, span
    ("usual names",                     f'{{"trace_id":"{TRACE}","span_id":"{SPAN}"}}',                  TRACE, SPAN),
    ("camels",                          f'{{"traceId":"{TRACE}","spanId":"{SPAN}"}}',                    TRACE, SPAN),
    ("go's",                            f'level=info traceID={TRACE} spanID={SPAN}',                     TRACE, SPAN),
    ("ecs",                             f'{{"trace":{{"id":"{TRACE}"}},"span":{{"id":"{SPAN}"}}}}',      TRACE, SPAN),
    ("elastic's transaction",           f'{{"trace.id":"{TRACE}","transaction.id":"{SPAN}"}}',           TRACE, SPAN),
    ("opentelemetry's python",          f'{{"otelTraceID":"{TRACE}","otelSpanID":"{SPAN}"}}',            TRACE, SPAN),
    ("within extra fields",             f'{{"extra":{{"trace_id":"{TRACE}"}},"mdc":{{"spanId":"{SPAN}"}}}}', TRACE, SPAN),
    ("capitals",                        f'{{"TraceId":"{TRACE.upper()}","SpanId":"{SPAN.upper()}"}}',    TRACE, SPAN),
    ("b3, short",                       f'{{"X-B3-TraceId":"{SPAN}","X-B3-SpanId":"{SPAN}"}}',           "0" * 16 + SPAN, SPAN),
    ("datadog's numbers",               '{"dd.trace_id":"6602357230513322514","dd.span_id":"366312330911013907"}',
     "0" * 16 + "5ba048eb9cfa7a12", "0515671fc8cbdc13"),
    ("google's path",                   f'{{"logging.googleapis.com/trace":"projects/p/traces/{TRACE}"}}', TRACE, ""),
    ("with dashes",                     '{"trace_id":"5b8aa5a2-d2c8-72e8-321c-f37308d69df2"}',           TRACE, ""),
    ("traceparent",                     f'{{"traceparent":"00-{TRACE}-{SPAN}-01"}}',                     TRACE, SPAN),
    ("an id before traceparent",        f'{{"trace_id":"{TRACE}","traceparent":"00-{"a" * 32}-{SPAN}-01"}}', TRACE, SPAN),
    ("within a text",                   f"it works [trace_id={TRACE} span_id={SPAN}]",                   TRACE, SPAN),
    ("within a text, in words",         f"done, trace_id: {TRACE}",                                      TRACE, ""),
    ("spring boot",                     f"2026-11-21T05:00:13Z  INFO 7 --- [a] [main] [{TRACE}-{SPAN}] c.S : m", TRACE, SPAN),
    ("none: zeros",                     '{"trace_id":"' + "0" * 32 + '","span_id":"' + "0" * 16 + '"}',  "", ""),
    ("none: the parent's",              f'{{"parent_span_id":"{SPAN}","parent_trace_id":"{TRACE}"}}',    "", ""),
    ("none: too short",                 '{"trace_id":"5b8aa5a2","span_id":"12"}',                        "", ""),
    ("none: no digits",                 '{"trace_id":"' + "z" * 32 + '"}',                               "", ""),
    ("none: a request's",               f'{{"request_id":"{TRACE}","correlation_id":"{TRACE}"}}',        "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("line", "trace", "span"), [row[1:] for row in LINES], ids=[row[0] for row in LINES])
def test_finds_ids(line: str, trace: str, span: str) -> None:
    (told,) = tried(line)

    assert (told["trace_id"], told["span_id"]) == (trace, span)


def test_other_ids_of_correlation_are_fields() -> None:
    (told,) = tried('{"request_id":"r-1","correlation_id":"c-1"}')

    assert told["fields"] == {"request_id": "r-1", "correlation_id": "c-1"}
