"""``POST`` and ``PUT`` of `_bulk`: documents to be kept, each with an answer of its own.

Log records are kept as they came, so `index` and `create` are the same, and `update` and `delete` are told that they
cannot be done. An ingest pipeline that a request names is not run, and the answer's `Warning` says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote

from firstlight.ingest.elastic.answers import SHARDS, item_error, refused, told, typed
from firstlight.ingest.elastic.keeper import Keeper
from firstlight.ingest.receiver import Context, Reply
from firstlight.ingest.refusal import Refusal, UnknownType
from firstlight.model.batch import Batch, Rejections
from firstlight.model.elastic.names import index_complaint
from firstlight.model.elastic.state import AUTO_CREATE
from firstlight.wire.elastic.book import ElasticBook
from firstlight.wire.elastic.bulk import WRITES, Item, MalformedBulk, read_bulk
from firstlight.wire.elastic.documents import Sent

PATHS: Final = ("/_bulk", "/{index}/_bulk", "/{index}/{type}/_bulk")
METHODS: Final = ("POST", "PUT")

TYPES: Final = frozenset(
    {"", "application/json", "application/x-ndjson", "application/ndjson", "text/plain"}
    | {"application/vnd.elasticsearch+json", "application/vnd.elasticsearch+x-ndjson"}
    | {"application/x-www-form-urlencoded"}  # what curl -d says, as everybody does
)

PIPELINE_WARNING: Final = (
    '299 firstlight "ingest pipelines are kept but not run: documents are stored as they were sent"'
)

METADATA: Final = frozenset({"_id", "_index", "_source", "_type", "_routing", "_ignored", "_field_names", "_seq_no"})
"""Names that a document must not have, since they are said beside it."""


@dataclass(frozen=True, slots=True)
class Answered(Batch):
    """A batch, with the answer to each action."""

    results: Sequence[dict[str, Any]] = field(default_factory=list)
    has_errors: bool = False
    warns: bool = False


class Bulk:
    """The receiver of bulk requests."""

    name = "elasticsearch"
    signal = "logs"

    def __init__(self, book: ElasticBook, keeper: Keeper) -> None:
        self._book = book
        self._keeper = keeper

    def decode(self, body: bytes, context: Context) -> Batch:
        """Return the documents of a body as log records, with what is answered of each."""
        check_type(context)
        try:
            items = read_bulk(body, index_of(context.path))
        except MalformedBulk as malformed:
            raise typed(malformed) from None
        return taken(items, self._book, self._keeper, context)

    def reply(self, batch: Batch, context: Context) -> Reply:
        """Answer each action."""
        assert isinstance(batch, Answered), "what `decode` returned"
        answer = {"took": 0, "errors": batch.has_errors, "items": batch.results}
        if context.query.get("pipeline"):
            answer["ingest_took"] = 0
        return told(200, answer, context, {"warning": PIPELINE_WARNING} if batch.warns else None)

    def refuse(self, refusal: Refusal, context: Context) -> Reply:
        """Answer an error; one that will pass with 429 or 503, on which clients try again."""
        return refused(refusal, context)


def check_type(context: Context) -> None:
    """Raise UnknownType for a body that says it is no JSON."""
    if context.content_type not in TYPES:
        raise UnknownType(f"Content-Type header [{context.content_type[:100]}] is not supported")


def index_of(path: str) -> str:
    """Return the index that a path names, or nothing.

    >>> index_of("/logs%2Dapp/_bulk"), index_of("/_bulk")
    ('logs-app', '')
    """
    first = unquote(path.lstrip("/").partition("/")[0])
    return "" if first.startswith("_") else first


def taken(items: Sequence[Item], book: ElasticBook, keeper: Keeper, context: Context) -> Answered:
    """Return the documents of `items` as a batch, with the answers to all of them."""
    places: dict[str, tuple[str, dict[str, Any] | None]] = {}
    indices: list[str] = []
    rows: list[int] = []
    results: list[dict[str, Any]] = [{}] * len(items)
    reasons: Counter[str] = Counter()
    for place, item in enumerate(items):
        action = item.action
        if action.index not in places:
            places[action.index] = _opened(keeper, action.index)
        index, complaint = places[action.index]
        if complaint is None and item.fields is not None and action.op in WRITES and METADATA.isdisjoint(item.fields):
            indices.append(index)
            rows.append(place)
            continue
        complaint = _impossible(item) if action.op not in WRITES else complaint or _unreadable(item)
        assert complaint is not None, "an item without fields has a complaint"
        wrong = {key: one for key, one in complaint.items() if key != "status"}
        found = {"_index": index, "_id": action.id or None, "status": complaint["status"], "error": wrong}
        results[place] = {action.op: found}
        reasons[wrong["type"]] += 1
    written = [items[place] for place in rows]
    fields = [item.fields for item in written if item.fields is not None]
    sent = Sent(indices, fields, [item.text for item in written], [item.action.id for item in written])
    kept = book.batch(context.tenant, sent, context.now_ns)
    keeper.settle()
    versioned = {"_version": 1, "result": "created", "_shards": SHARDS, "_seq_no": 0, "_primary_term": 1, "status": 201}
    for number, place in enumerate(rows):
        index, own_id = indices[number], kept.ids[number]
        found = {"_index": index, "_id": own_id, **versioned}
        if number in kept.complaints:
            reason = f"{kept.complaints[number]} in document with id '{own_id}'"
            found = {"_index": index, "_id": own_id, "status": 400}
            found["error"] = item_error("document_parsing_exception", reason, index)
        results[place] = {items[place].action.op: found}
    rejected = kept.batch.rejected + Rejections(dict(reasons))
    warns = bool(context.query.get("pipeline")) or any(item.action.pipeline for item in items)
    return Answered(
        kept.batch.tables, kept.batch.items, rejected, results, bool(reasons) or bool(kept.complaints), warns
    )


def _opened(keeper: Keeper, name: str) -> tuple[str, dict[str, Any] | None]:
    if words := index_complaint(name):
        reason = f"Invalid index name [{name[:300]}], {words}"
        return name, {"status": 400, **item_error("invalid_index_name_exception", reason, name)}
    index, problem = keeper.open_index(name)
    if problem == "missing":
        reason = f"no such index [{name}] and [{AUTO_CREATE}] doesn't allow it"
        return name, {"status": 404, **item_error("index_not_found_exception", reason, name)}
    if problem:
        reason = "cannot make another index: there are too many; delete some"
        return name, {"status": 400, **item_error("illegal_argument_exception", reason, name)}
    return index, None


def _impossible(item: Item) -> dict[str, Any]:
    action = item.action
    reason = (
        f"cannot {action.op} [{action.id}] in [{action.index}]: log records are kept as they came; want create or index"
    )
    return {"status": 400, **item_error("illegal_argument_exception", reason, action.index)}


def _unreadable(item: Item) -> dict[str, Any] | None:
    if item.fields is not None:
        if METADATA.isdisjoint(item.fields):
            return None
        name = min(METADATA & item.fields.keys())
        reason = f"Field [{name}] is a metadata field and cannot be added inside a document."
        return {"status": 400, **item_error("document_parsing_exception", reason, item.action.index)}
    return {"status": 400, **item_error("document_parsing_exception", item.complaint, item.action.index)}
