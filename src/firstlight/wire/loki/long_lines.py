"""Lines that are too long, cut with a mark that says so."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def cut_lines(lines: pa.StringArray, limit: int) -> tuple[pa.StringArray, int]:
    """Return `lines`, those of more than `limit` bytes cut there, and how many of them were."""
    if not limit or len(lines) == 0:
        return lines, 0
    sizes = pc.binary_length(lines)
    if pc.max(sizes).as_py() <= limit:
        return lines, 0
    long = pc.greater(sizes, limit)
    rows = np.flatnonzero(long.to_numpy(zero_copy_only=False))
    found = [_cut(lines[row].as_buffer(), limit) for row in rows.tolist()]
    return pc.replace_with_mask(lines, long, pa.array(found, pa.string())), len(found)


def _cut(line: pa.Buffer, limit: int) -> str:
    # A character that the limit falls into goes as a whole.
    kept = line.slice(0, limit).to_pybytes().decode("utf-8", "ignore")
    return f"{kept}… [cut: the line had {line.size} bytes]"
