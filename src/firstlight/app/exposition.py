"""The server's own metrics, in the format that whoever asks would rather have."""

from __future__ import annotations

from typing import Final

from firstlight.http.accept import media_types
from firstlight.sdk.metrics import Registry
from firstlight.wire.exposition import OPENMETRICS_CONTENT_TYPE, TEXT_CONTENT_TYPE, encode_openmetrics, encode_text

FORMATS: Final = {
    "application/openmetrics-text": (encode_openmetrics, OPENMETRICS_CONTENT_TYPE),
    "text/plain": (encode_text, TEXT_CONTENT_TYPE),
    "text/*": (encode_text, TEXT_CONTENT_TYPE),
    "*/*": (encode_text, TEXT_CONTENT_TYPE),
}


def expose(registry: Registry, accept: str) -> tuple[bytes, str]:
    """Return all metrics and their content type: the first that `accept` names, else the text of Prometheus."""
    wanted = next((name for name in media_types(accept) if name in FORMATS), "text/plain")
    encode, content_type = FORMATS[wanted]
    return encode(registry.collect()), content_type
