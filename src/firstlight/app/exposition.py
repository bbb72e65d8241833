"""The server's own metrics, in the format that whoever asks would rather have."""

from __future__ import annotations

from typing import Final

from firstlight.sdk.metrics import Registry
from firstlight.wire.exposition import OPENMETRICS_CONTENT_TYPE, TEXT_CONTENT_TYPE, encode_openmetrics, encode_text

OPENMETRICS: Final = "application/openmetrics-text"


def expose(registry: Registry, accept: str) -> tuple[bytes, str]:
    """Return all metrics and their content type: OpenMetrics if `accept` prefers it, else the text of Prometheus."""
    if _weight(accept, OPENMETRICS) > max(_weight(accept, "text/plain"), _weight(accept, "*/*"), 0.0):
        return encode_openmetrics(registry.collect()), OPENMETRICS_CONTENT_TYPE
    return encode_text(registry.collect()), TEXT_CONTENT_TYPE


def _weight(accept: str, media_type: str) -> float:
    """Return how much a media type is wanted; 0 if it is not named.

    >>> _weight("application/openmetrics-text;version=1.0.0;q=0.5, text/plain;q=0.2, */*;q=x", "text/plain")
    0.2
    """
    for part in accept.lower().split(","):
        name, *parameters = (word.strip() for word in part.split(";"))
        if name == media_type:
            quality = next((word[2:] for word in parameters if word.startswith("q=")), "1")
            return float(quality) if quality.replace(".", "", 1).isdecimal() else 0.0
    return 0.0
