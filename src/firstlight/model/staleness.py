"""The NaN by which Prometheus says that a series has ended: a staleness marker, told by its bits from other NaNs."""

from __future__ import annotations

from typing import Final

import numpy as np

STALE_BITS: Final = np.uint64(0x7FF0000000000002)
STALE: Final = STALE_BITS.view(np.float64)
