"""JSON that is not quite right, and that others take: bytes that are not UTF-8, and halves of surrogate pairs."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import orjson

_HALVES: Final = re.compile("[\ud800-\udfff]")
_ESCAPED_HALF: Final = re.compile(rb"\\u[dD][89abAB]")


def loads(body: bytes) -> Any:
    """Return what JSON says; what is no character in it is U+FFFD. Raise orjson.JSONDecodeError if it is no JSON.

    A text that a program has cut in the middle of a character is written so, by JavaScript for one.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        text = body.decode("utf-8", "replace")
        if not _ESCAPED_HALF.search(body):
            if "\ufffd" not in text:
                raise
            return orjson.loads(text)
        try:
            rewritten = json.dumps(json.loads(text), ensure_ascii=False)
        except (ValueError, RecursionError):
            raise error from None
        return orjson.loads(_HALVES.sub("\ufffd", rewritten))
