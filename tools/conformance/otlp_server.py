"""OTLP sent to a real server: what comes back through the SQL door is what the official protobuf library reads in it.

A capture is a file of bytes as a client sent them, beside a JSON file with the request's path and headers.
"""

from __future__ import annotations

import base64
import gzip
import http.client
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import cramjam
from google.protobuf.json_format import ParseDict
from google.protobuf.message import Message

from bench.server import Server, running
from tools.conformance.case import Case, expect
from tools.conformance.otlp import SIGNALS, with_base64_ids

MESSAGES = {f"/v1/{signal}": message for signal, message in SIGNALS.values()}

AGES = dict.fromkeys(("retention.logs", "retention.traces", "retention.metrics"), "36500d")
"""What was recorded stays, however long ago that was."""

UNDO: Mapping[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "identity": bytes,
    "gzip": gzip.decompress,
    "deflate": zlib.decompress,
    "zstd": lambda body: bytes(cramjam.zstd.decompress(body)),
}

DELTA = 1
"""The temporality of points that are added up, so that their values depend on what came before."""

QUERIES = {
    "spans": "SELECT *, toUnixTimestamp64Nano(ts) AS start, start + duration_ns AS end,"
    " arrayMap(e -> (toUnixTimestamp64Nano(e.ts), e.name, e.attributes), events) AS told,"
    " arrayMap(l -> (l.trace_id, l.span_id, l.trace_state, l.attributes), links) AS linked FROM spans",
    "logs": "SELECT *, toUnixTimestamp64Nano(ts) AS time, toUnixTimestamp64Nano(observed_ts) AS observed FROM logs",
    "metrics": "SELECT *, toUnixTimestamp64Milli(ts) AS time FROM metrics WHERE metric != 'target_info'",
    "histograms": "SELECT *, toUnixTimestamp64Milli(ts) AS time FROM histograms",
}

Row = tuple[Any, ...]


def capture_cases(folder: Path) -> Iterator[Case]:
    """Yield a case for each capture below `folder`."""
    with running(settings=AGES) as server:
        for path in sorted(folder.rglob("*.bin")):
            told = json.loads(path.with_suffix(".json").read_text())
            if told["path"] in MESSAGES:
                sent = partial(_request_of_capture, told, path)
                yield Case(str(path.relative_to(folder)), partial(_comes_back, server, sent))


def json_cases(folder: Path) -> Iterator[Case]:
    """Yield a case for each OTLP/JSON request below `folder`."""
    with running(settings=AGES) as server:
        for path in sorted(folder.rglob("*.json")):
            yield Case(str(path.relative_to(folder)), partial(_comes_back, server, partial(_request_of_json, path)))


def _request_of_capture(told: Mapping[str, Any], path: Path) -> tuple[str, bytes, dict[str, str], Message]:
    kept = ("content-type", "content-encoding", "user-agent")
    headers = {name: value for name, value in told["headers"].items() if name.lower() in kept}
    lowered = {name.lower(): value for name, value in headers.items()}
    body = path.read_bytes()
    plain = UNDO[lowered.get("content-encoding", "")](body)
    message = MESSAGES[told["path"]]
    if "json" in lowered.get("content-type", ""):
        return told["path"], body, headers, ParseDict(with_base64_ids(json.loads(plain)), message())
    return told["path"], body, headers, message.FromString(plain)


def _request_of_json(path: Path) -> tuple[str, bytes, dict[str, str], Message]:
    body = path.read_bytes()
    request = json.loads(body)
    signal, message = SIGNALS[next(iter(request))]
    headers = {"content-type": "application/json"}
    return f"/v1/{signal}", body, headers, ParseDict(with_base64_ids(request), message())


def _comes_back(server: Server, sent: Callable[[], tuple[str, bytes, dict[str, str], Message]]) -> None:
    path, body, headers, message = sent()
    before = _stored(server)
    status, answer = _post(server.http, path, body, headers)
    expect(status, 200, of="the status")
    expect(answer in (b"", b"{}"), True, of=f"that all of it was accepted ({answer!r})")
    expect(_stored(server) - before, Counter(_wanted(message)), of="what is stored")


def _post(address: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(address, timeout=60)
    try:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


# --- what is stored --------------------------------------------------------------------------------------------------


def _stored(server: Server) -> Counter[Row]:
    readers = {"spans": _span, "logs": _log, "metrics": _number, "histograms": _histogram}
    return Counter(_frozen(readers[view](row)) for view, query in QUERIES.items() for row in server.api.rows(query, {}))


def _span(row: Mapping[str, Any]) -> Row:
    return (
        "span", *_who(row), row["trace_id"], row["span_id"], row["parent_span_id"], row["trace_state"], row["name"],
        row["kind"], row["start"], row["end"], _typed(row), row["dropped_attributes"], row["told"], row["linked"],
        row["status"], row["status_message"], row["flags"],
    )  # fmt: skip


def _log(row: Mapping[str, Any]) -> Row:
    return (
        "log", *_who(row), row["time"], row["observed"], row["severity"], row["severity_text"], row["event_name"],
        _value(row["body"], row["body_type"]), _typed(row), row["dropped_attributes"], row["trace_id"], row["span_id"],
        row["flags"],
    )  # fmt: skip


def _number(row: Mapping[str, Any]) -> Row:
    extra = {name: row["labels"][name] for name in ("le", "quantile") if name in row["labels"]}
    suffix = next((end for end in ("_bucket", "_sum", "_count") if row["metric"].endswith(end)), "")
    suffix = suffix if row["type"] in ("histogram", "summary") else ""
    return (
        "number",
        *_who(row),
        row["name"],
        row["unit"],
        dict(row["attributes"]),
        suffix,
        extra,
        row["time"],
        None if row["temporality"] == "delta" else row["value"],
    )


def _histogram(row: Mapping[str, Any]) -> Row:
    return (
        "histogram", *_who(row), row["name"], row["unit"], dict(row["attributes"]), row["time"], row["count"],
        row["sum"], row["min"], row["max"], row["bounds"], row["counts"], row["scale"], row["zero_count"],
        row["positive_offset"], row["negative_offset"], row["negative_counts"],
    )  # fmt: skip


def _who(row: Mapping[str, Any]) -> Row:
    return row["resource"], row["scope"], row["scope_version"], row["scope_attributes"]


def _typed(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _value(text, letter)
        for (name, text), letter in zip(row["attributes"].items(), row["attribute_types"], strict=True)
    }


def _value(text: str, letter: str) -> Any:
    match letter:
        case "b":
            return text == "true"
        case "i":
            return int(text)
        case "d":
            return float(text)
        case "a" | "k":
            return json.loads(text)
        case "n":
            return None
        case _:
            return text


# --- what was sent ---------------------------------------------------------------------------------------------------


def _wanted(request: Any) -> Iterator[Row]:
    (holder,) = (field.name for field in request.DESCRIPTOR.fields)
    for resource in getattr(request, holder):
        scopes = resource.ListFields() and next(
            getattr(resource, field.name) for field in resource.DESCRIPTOR.fields if field.name.startswith("scope_")
        )
        for scope in scopes:
            who = (
                _texts(resource.resource.attributes), scope.scope.name, scope.scope.version,
                _texts(scope.scope.attributes),
            )  # fmt: skip
            yield from map(_frozen, _records(scope, who))


def _records(scope: Any, who: Row) -> Iterator[Row]:
    for span in getattr(scope, "spans", ()):
        yield (
            "span", *who, span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex(), span.trace_state,
            span.name, ("unspecified", "internal", "server", "client", "producer", "consumer")[span.kind],
            span.start_time_unix_nano, span.end_time_unix_nano or span.start_time_unix_nano,
            _plain_pairs(span.attributes), span.dropped_attributes_count,
            [[event.time_unix_nano, event.name, _texts(event.attributes)] for event in span.events],
            [[one.trace_id.hex(), one.span_id.hex(), one.trace_state, _texts(one.attributes)] for one in span.links],
            ("unset", "ok", "error")[span.status.code], span.status.message, span.flags,
        )  # fmt: skip
    for log in getattr(scope, "log_records", ()):
        observed = log.observed_time_unix_nano
        yield (
            "log", *who, log.time_unix_nano or observed, observed, log.severity_number, log.severity_text,
            log.event_name, _plain(log.body), _plain_pairs(log.attributes), log.dropped_attributes_count,
            log.trace_id.hex(), log.span_id.hex(), log.flags,
        )  # fmt: skip
    for metric in getattr(scope, "metrics", ()):
        kind = metric.WhichOneof("data")
        data = getattr(metric, kind) if kind else None
        for point in data.data_points if data else ():
            one = (*who, metric.name, metric.unit, _texts(point.attributes))
            for row in _rows_of_point(kind, point, one, point.time_unix_nano // 10**6):
                added_up = row[0] == "number" and getattr(data, "aggregation_temporality", 0) == DELTA
                yield (*row[:-1], None) if added_up else row


def _rows_of_point(kind: str, point: Any, who: Row, time: int) -> Iterator[Row]:
    def number(value: float, suffix: str = "", **label: str) -> Row:
        return ("number", *who, suffix, label, time, float(value))

    if kind in ("gauge", "sum"):
        yield number(getattr(point, point.WhichOneof("value")))
        return
    if kind == "summary":
        for quantile in point.quantile_values:
            yield number(quantile.value, quantile=_shortest(quantile.quantile))
        yield from (number(point.sum, "_sum"), number(point.count, "_count"))
        return
    limits = [getattr(point, name) if point.HasField(name) else None for name in ("sum", "min", "max")]
    if kind == "exponential_histogram":
        yield (
            "histogram", *who, time, point.count, *limits, [], list(point.positive.bucket_counts), point.scale,
            point.zero_count, point.positive.offset, point.negative.offset, list(point.negative.bucket_counts),
        )  # fmt: skip
        return
    counts, bounds = list(point.bucket_counts), list(point.explicit_bounds)
    yield ("histogram", *who, time, point.count, *limits, bounds, counts, None, 0, 0, 0, [])
    for place, bound in enumerate([*map(_shortest, bounds), "+Inf"]):
        yield number(sum(counts[: place + 1]) if counts else point.count, "_bucket", le=bound)
    yield number(point.count, "_count")
    if limits[0] is not None:
        yield number(limits[0], "_sum")


def _shortest(number: float) -> str:
    return repr(number).removesuffix(".0")


def _plain_pairs(pairs: Iterable[Any]) -> dict[str, Any]:
    return {pair.key: _plain(pair.value) for pair in pairs}


def _plain(value: Any) -> Any:
    match value.WhichOneof("value"):
        case None:
            return None
        case "array_value":
            return [_plain(one) for one in value.array_value.values]
        case "kvlist_value":
            return _plain_pairs(value.kvlist_value.values)
        case "bytes_value":
            return base64.b64encode(value.bytes_value).decode()
        case kind:
            return getattr(value, kind)


def _texts(pairs: Iterable[Any]) -> dict[str, str]:
    """Return attributes as a view without types has them."""
    return {name: value if isinstance(value, str) else _text(value) for name, value in _plain_pairs(pairs).items()}


def _text(value: Any) -> str:
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _frozen(value: Any) -> Any:
    """Return a value so that it can be counted: NaN is as good as nothing, and an integer as its float."""
    match value:
        case dict():
            return frozenset((key, _frozen(one)) for key, one in value.items())
        case list() | tuple():
            return tuple(map(_frozen, value))
        case float() if value != value:  # noqa: PLR0124
            return None
        case _:
            return value
