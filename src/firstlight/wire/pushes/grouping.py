"""The labels of a group of pushed metrics, as its path says them: ``/metrics/job/<job>{/<label>/<value>}``.

Law: <https://github.com/prometheus/pushgateway#url>.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final
from urllib.parse import unquote_to_bytes

from firstlight.errors import DecodeError, brief

PREFIX: Final = "/metrics/"
BASE64: Final = "@base64"

_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


def read_grouping(path: str) -> dict[str, str]:
    """Return the labels that the path of a push names. Raise DecodeError if it does not name a job."""
    parts = [unquote_to_bytes(part) for part in path.removeprefix(PREFIX).removesuffix("/").split("/")]
    if path.endswith("//"):
        parts.append(b"")
    if len(parts) % 2:
        raise _bad(path, "an odd number of parts")
    labels: dict[str, str] = {}
    for name, value in zip(parts[::2], parts[1::2], strict=True):
        _add(labels, name, value, path)
    if next(iter(labels)) != "job" or not labels["job"]:
        raise _bad(path, "no job at the start")
    return labels


def _add(labels: dict[str, str], raw_name: bytes, raw: bytes, path: str) -> None:
    try:
        name = raw_name.decode()
        if name.endswith(BASE64):
            name = name.removesuffix(BASE64)
            # Clients write an empty value as "=", and leave padding out or do not.
            raw = base64.b64decode(raw.rstrip(b"=") + b"=" * (-len(raw.rstrip(b"=")) % 4), b"-_", validate=True)
        value = raw.decode()
    except (UnicodeDecodeError, binascii.Error):
        raise _bad(path, "a value that is not base64 as RFC 4648 has it for URLs, or not UTF-8") from None
    if not _NAME.fullmatch(name) or name.startswith("__"):
        raise _bad(path, f"the label name {brief(name)}")
    if name in labels:
        raise _bad(path, f"the label {brief(name)} twice")
    labels[name] = value


def _bad(path: str, found: str) -> DecodeError:
    return DecodeError(
        f"cannot tell the group of the path {brief(path)}: it has {found}; want /metrics/job/<job>{{/<label>/<value>}}"
    )
