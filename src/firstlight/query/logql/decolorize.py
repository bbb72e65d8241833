"""`| decolorize`: lines without the escape sequences of ANSI, by which terminals colour."""

from __future__ import annotations

from typing import Final

import pyarrow.compute as pc

from firstlight.query.logql.pipeline_block import Block

# A sequence begins with ESC or CSI; then what titles and links are (up to BEL), or parameters and a final byte.
_SEQUENCE: Final = (
    r"[\x{1B}\x{9B}][\[\]()#;?]*"
    r"(?:(?:[a-zA-Z\d]*(?:;[a-zA-Z\d]*)*)?\x{07}|(?:\d{1,4}(?:;\d{0,4})*)?[\dA-PRZcf-ntqry=><~])"
)


def decolorize(block: Block) -> None:
    """Take the sequences out of the lines."""
    block.say(pc.replace_substring_regex(block.array, _SEQUENCE, ""))
