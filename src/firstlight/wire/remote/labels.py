"""The labels of a series as remote write sends them, checked as its specification says.

They may come in any order: Prometheus sorts them, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from firstlight.wire.otlp.series import Unfit

NO_LABEL_NAME: Final = "label without a name"
LABEL_TWICE: Final = "label given twice"
NOT_UTF8: Final = "label not UTF-8"
BAD_LABEL: Final = "label malformed"
BAD_SYMBOL: Final = "label that refers to no symbol"


def read_labels(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return the labels of a series, its name among them. Raise Unfit if they are not those of one series."""
    found: dict[str, str] = {}
    try:
        for raw_name, raw_value in pairs:
            name = raw_name.decode()
            if not name:
                raise Unfit(NO_LABEL_NAME)
            if name in found:
                raise Unfit(LABEL_TWICE)
            found[name] = raw_value.decode()
    except UnicodeDecodeError:
        raise Unfit(NOT_UTF8) from None
    return found
