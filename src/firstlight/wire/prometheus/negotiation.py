"""Which formats are asked for, and which one an answer is in."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from firstlight.errors import DecodeError, brief


class Protocol(StrEnum):
    """The formats of expositions, by the names that Prometheus' `scrape_protocols` has for them."""

    PROTOBUF = "PrometheusProto"
    OPENMETRICS_1 = "OpenMetricsText1.0.0"
    OPENMETRICS_0 = "OpenMetricsText0.0.1"
    TEXT_1 = "PrometheusText1.0.0"
    TEXT_0 = "PrometheusText0.0.4"

    @property
    def openmetrics(self) -> bool:
        """Whether it is text that ends with ``# EOF``."""
        return self in (Protocol.OPENMETRICS_0, Protocol.OPENMETRICS_1)


DEFAULT: Final = (Protocol.OPENMETRICS_1, Protocol.OPENMETRICS_0, Protocol.TEXT_1, Protocol.TEXT_0)
"""What Prometheus asks for by default; with native histograms, protobuf before these."""

_PROTOBUF: Final = "application/vnd.google.protobuf"
_OPENMETRICS: Final = "application/openmetrics-text"

_MEDIA: Final = {
    Protocol.PROTOBUF: f"{_PROTOBUF};proto=io.prometheus.client.MetricFamily;encoding=delimited",
    Protocol.OPENMETRICS_1: f"{_OPENMETRICS};version=1.0.0",
    Protocol.OPENMETRICS_0: f"{_OPENMETRICS};version=0.0.1",
    Protocol.TEXT_1: "text/plain;version=1.0.0",
    Protocol.TEXT_0: "text/plain;version=0.0.4",
}
_ESCAPABLE: Final = (Protocol.OPENMETRICS_1, Protocol.TEXT_1)
"""The formats in which a sender must be told whether names in UTF-8 are welcome."""


def accept_header(protocols: Sequence[Protocol] = DEFAULT, *, escaping: str = "allow-utf-8") -> str:
    """Return the `Accept` header that asks for `protocols`, the first the best, and else for anything."""
    weight = len(Protocol) + 1
    asked = []
    for place, protocol in enumerate(protocols):
        escaped = f";escaping={escaping}" if protocol in _ESCAPABLE else ""
        asked.append(f"{_MEDIA[protocol]}{escaped};q=0.{weight - place}")
    return ",".join([*asked, f"*/*;q=0.{weight - len(protocols)}"])


def protocol_of(content_type: str, fallback: Protocol | None = None) -> Protocol:
    """Return the format that an answer of this `Content-Type` is in; `fallback` if it names none that is known.

    Raise DecodeError if that is not given either: to guess would be to read other things as metrics.
    """
    media, _, rest = content_type.partition(";")
    parameters = {
        name.strip().lower(): value.strip().strip('"')
        for name, _, value in (parameter.partition("=") for parameter in rest.split(";"))
    }
    version = parameters.get("version", "")
    match media.strip().lower():
        case "application/openmetrics-text":
            return Protocol.OPENMETRICS_0 if version == "0.0.1" else Protocol.OPENMETRICS_1
        case "text/plain":
            return Protocol.TEXT_1 if version == "1.0.0" else Protocol.TEXT_0
        case "application/vnd.google.protobuf" if parameters.get("proto") == "io.prometheus.client.MetricFamily":
            return Protocol.PROTOBUF
    if fallback is not None:
        return fallback
    found = f"the Content-Type is {brief(content_type)}" if content_type else "there is no Content-Type"
    raise DecodeError(
        f"cannot read the metrics: {found}; want text/plain, {_OPENMETRICS} or {_PROTOBUF}; "
        "set fallback_scrape_protocol if the body is one of these"
    )
