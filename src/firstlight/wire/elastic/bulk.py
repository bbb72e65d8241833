"""Bodies of `_bulk`: lines of JSON, each action followed by its document.

Law: <https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk>. A line of an action that cannot be
read spoils the request, as it does there; a document that cannot be read fails alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, Final, NamedTuple

import orjson

from firstlight.errors import DecodeError, brief

WRITES: Final = ("index", "create")
ACTIONS: Final = (*WRITES, "update", "delete")
KNOWN: Final = frozenset(
    {"_index", "_id", "_type", "routing", "_routing", "op_type", "version", "version_type", "pipeline", "parent"}
    | {"if_seq_no", "if_primary_term", "require_alias", "retry_on_conflict", "dynamic_templates", "_source"}
    | {"require_data_stream", "list_executed_pipelines", "_version", "_version_type", "_parent", "_retry_on_conflict"}
)


class MalformedBulk(DecodeError):
    """A bulk request that cannot be read, with the type that Elasticsearch gives the error."""

    def __init__(self, words: str, kind: str = "illegal_argument_exception") -> None:
        super().__init__(words)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Action:
    """What is to be done: `op` with the document of an index, and perhaps an id."""

    op: str
    index: str
    id: str
    pipeline: str = ""


class Item(NamedTuple):
    """One action, with its document: its fields and its text, or what is wrong with it."""

    action: Action
    fields: dict[str, Any] | None = None
    text: bytes = b""
    complaint: str = ""


def read_bulk(body: bytes, index: str) -> list[Item]:
    """Return what a body asks for; documents go to `index` unless they say otherwise. Raise MalformedBulk."""
    if not body.strip():
        raise MalformedBulk("request body is required", "parse_exception")
    if not body.endswith(b"\n"):
        raise MalformedBulk("The bulk request must be terminated by a newline [\\n]")
    actions, texts = _pairs(body, index)
    missing = [number for number, action in enumerate(actions, 1) if not action.index]
    if missing:
        words = "".join(f" {number}: index is missing;" for number in missing)
        raise MalformedBulk(f"Validation Failed:{words}", "action_request_validation_exception")
    written = [text for text in texts if text is not None]
    documents = _documents(written)
    if len(written) == len(texts) and set(map(type, documents)) == {dict} and len(max(written, key=len)) < DEEP:
        return list(map(Item._make, zip(actions, documents, written, repeat(""), strict=False)))
    found = iter(documents)
    return [
        Item(action) if text is None else Item(action, *_checked(next(found), text))
        for action, text in zip(actions, texts, strict=True)
    ]


def _pairs(body: bytes, index: str) -> tuple[Sequence[Action], Sequence[bytes | None]]:
    lines = body.split(b"\n")
    lines.pop()
    heads, texts = lines[::2], lines[1::2]
    distinct = dict.fromkeys(heads)
    if len(heads) != len(texts) or not all(texts) or not all(map(bytes.strip, distinct)):
        return _one_by_one(lines, index)
    known: dict[bytes, Action] = {}
    for line in distinct:
        try:
            known[line] = _action(line, 0, index)
        except MalformedBulk:
            return _one_by_one(lines, index)
        if known[line].op == "delete":
            return _one_by_one(lines, index)
    return list(map(known.__getitem__, heads)), texts


def _one_by_one(listed: Sequence[bytes], index: str) -> tuple[Sequence[Action], Sequence[bytes | None]]:
    """Return actions and documents where blank lines or actions without a document may be among them."""
    known: dict[bytes, Action] = {}
    actions: list[Action] = []
    texts: list[bytes | None] = []
    lines = enumerate(listed, 1)
    for number, line in lines:
        if not line or line.isspace():
            continue
        action = known.get(line)
        if action is None:
            action = known[line] = _action(line, number, index)
        actions.append(action)
        if action.op == "delete":
            texts.append(None)
            continue
        _, text = next(lines, (0, b""))
        if not text:
            raise MalformedBulk(
                f"Malformed action/metadata line [{number}]: the document of [{action.op}] is missing"
                if action.op != "update"
                else "Validation Failed: 1: script or doc is missing;"
            )
        texts.append(text)
    return actions, texts


def _action(line: bytes, number: int, index: str) -> Action:
    place = f"Malformed action/metadata line [{number}]"
    try:
        found = orjson.loads(line)
    except ValueError as error:
        raise MalformedBulk(
            f"{place}, expected START_OBJECT: {brief(str(error))}", "x_content_parse_exception"
        ) from None
    if not isinstance(found, dict):
        raise MalformedBulk(f"{place}, expected START_OBJECT but found [{_token(found)}]")
    if len(found) != 1:
        raise MalformedBulk(
            f"{place}, expected FIELD_NAME but found [{'END_OBJECT' if not found else 'more than one'}]"
        )
    (op, given), *_ = found.items()
    if not isinstance(given, dict):
        raise MalformedBulk(f"{place}, expected START_OBJECT but found [{_token(given)}]")
    if op not in ACTIONS:
        words = f"{place}, expected field [create], [delete], [index] or [update] but found [{op[:100]}]"
        raise MalformedBulk(words)
    if unknown := sorted(given.keys() - KNOWN):
        raise MalformedBulk(f"Action/metadata line [{number}] contains an unknown parameter [{unknown[0][:100]}]")
    op_type = given.get("op_type")
    op = str(op_type) if op == "index" and op_type in WRITES else op
    name, own_id = given.get("_index"), given.get("_id")
    for key, value in (("_index", name), ("_id", own_id)):
        if value is not None and not isinstance(value, str | int):
            raise MalformedBulk(f"{place}, expected a simple value for field [{key}] but found [{_token(value)}]")
    text = "" if own_id is None else str(own_id)
    if len(text.encode()) > MAX_ID:
        raise MalformedBulk(
            f"Validation Failed: 1: id [{text[:20]}...] is too long, must be no longer than {MAX_ID} bytes;",
            "action_request_validation_exception",
        )
    return Action(op, index if name is None else str(name), text, str(given.get("pipeline") or ""))


MAX_ID: Final = 512

TOO_DEEP: Final = "failed to parse: objects or arrays are nested too deep; want at most 250 of them in each other"


def is_too_deep(text: bytes, found: Any) -> bool:
    """Say whether what was read is nested deeper than it could be written again."""
    if len(text) < DEEP or text.count(b"{") + text.count(b"[") <= SHALLOW:
        return False
    try:
        orjson.dumps(found)
    except TypeError:  # which orjson's error is
        return True
    return False


SHALLOW: Final = 200
"""With how many brackets nothing can be nested too deep."""

DEEP: Final = 2 * SHALLOW
"""From how many bytes on there can be more brackets, each of which is closed again."""


def _token(value: Any) -> str:
    match value:
        case bool():
            return "VALUE_BOOLEAN"
        case str():
            return "VALUE_STRING"
        case int() | float():
            return "VALUE_NUMBER"
        case list():
            return "START_ARRAY"
        case dict():
            return "START_OBJECT"
    return "VALUE_NULL"


def _documents(texts: Sequence[bytes]) -> list[Any]:
    """Return the values of texts, read all together if they are well-formed; of one that is not, its error."""
    try:
        found = orjson.loads(b"[" + b",".join(texts) + b"]")
    except ValueError:
        found = []
    return found if len(found) == len(texts) else [_alone(text) for text in texts]


def _alone(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except ValueError as error:
        return error


def _checked(found: Any, text: bytes) -> tuple[dict[str, Any] | None, bytes, str]:
    if isinstance(found, dict):
        return (None, text, TOO_DEEP) if is_too_deep(text, found) else (found, text, "")
    if isinstance(found, Exception):
        return None, text, f"failed to parse: {brief(str(found))}"
    return None, text, f"failed to parse: the document is no object but [{_token(found)}]"
