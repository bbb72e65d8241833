"""The value of one field taken out of the line that it was found in."""

from __future__ import annotations

import json
import re
from typing import Final

MIN_ANYWHERE: Final = 4
"""A value of fewer characters is only replaced where its name stands before it."""


def without_value(body: str, name: str, value: str, new: str) -> str:
    """Return a line in which a field has another value: in JSON, in pairs, else wherever the value stands.

    >>> without_value('{"user":{"pin": 12}, "n": 12}', "user.pin", "12", "***")
    '{"user":{"pin": "***"}, "n": 12}'
    """
    found = body
    for key in dict.fromkeys((name, name.rpartition(".")[2])):
        found = _in_json(found, key, value, new)
        found = _in_pairs(found, key, value, new)
    if len(value) >= MIN_ANYWHERE:
        for spelled in dict.fromkeys((value, _inside_quotes(value), _inside_quotes(value, ascii_only=True))):
            found = found.replace(spelled, new)
    return found


def _in_json(body: str, key: str, value: str, new: str) -> str:
    if f'"{key}"' not in body:
        return body
    before = rf'("{re.escape(key)}"\s*:\s*)'
    texts = "|".join(
        re.escape(f'"{spelled}"') for spelled in (_inside_quotes(value), _inside_quotes(value, ascii_only=True))
    )
    quoted = json.dumps(new, ensure_ascii=False)
    body = re.sub(rf"{before}(?:{texts})", lambda found: found[1] + quoted, body)
    return re.sub(rf"{before}{re.escape(value)}(?=\s*[,}}\]])", lambda found: found[1] + quoted, body)


def _in_pairs(body: str, key: str, value: str, new: str) -> str:
    if f"{key}=" not in body:
        return body
    spelled = "|".join(map(re.escape, dict.fromkeys((value, _inside_quotes(value)))))
    pattern = rf'((?<![\w.-]){re.escape(key)}=)(?:"(?:{spelled})"|(?:{spelled})(?=\s|$))'
    return re.sub(pattern, lambda found: f'{found[1]}"{new}"' if " " in new or not new else found[1] + new, body)


def _inside_quotes(text: str, *, ascii_only: bool = False) -> str:
    return json.dumps(text, ensure_ascii=ascii_only)[1:-1]
