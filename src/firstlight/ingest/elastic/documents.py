"""Single documents: ``POST /<index>/_doc``, ``PUT /<index>/_doc/<id>`` and ``/<index>/_create/<id>``."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote

import orjson

from firstlight.errors import brief
from firstlight.ingest.elastic.answers import error, refused, told, typed
from firstlight.ingest.elastic.bulk import PIPELINE_WARNING, Answered, check_type, taken
from firstlight.ingest.elastic.keeper import Keeper
from firstlight.ingest.receiver import Context, Reply
from firstlight.ingest.refusal import Refusal
from firstlight.model.batch import Batch
from firstlight.wire.elastic.book import ElasticBook
from firstlight.wire.elastic.bulk import TOO_DEEP, Action, Item, MalformedBulk, is_too_deep

PATHS: Final = ("/{index}/_doc", "/{index}/_doc/{id:path}", "/{index}/_create/{id:path}")
METHODS: Final = ("POST", "PUT")


class SingleDocument:
    """The receiver of single documents."""

    name = "elasticsearch"
    signal = "logs"

    def __init__(self, book: ElasticBook, keeper: Keeper) -> None:
        self._book = book
        self._keeper = keeper

    def decode(self, body: bytes, context: Context) -> Batch:
        """Return the document as a log record, with what is answered."""
        check_type(context)
        index, kind, *rest = (unquote(part) for part in context.path.lstrip("/").split("/", 2))
        op = "create" if kind == "_create" or context.query.get("op_type") == "create" else "index"
        try:
            fields = orjson.loads(body)
        except ValueError as wrong:
            raise typed(MalformedBulk(f"failed to parse: {brief(str(wrong))}", "document_parsing_exception")) from None
        if not isinstance(fields, dict):
            raise typed(MalformedBulk("failed to parse: the document is no object", "document_parsing_exception"))
        if is_too_deep(body, fields):
            raise typed(MalformedBulk(TOO_DEEP, "document_parsing_exception"))
        item = Item(Action(op, index, rest[0] if rest else ""), fields, body)
        return taken([item], self._book, self._keeper, context)

    def reply(self, batch: Batch, context: Context) -> Reply:
        """Answer the result of the one action."""
        assert isinstance(batch, Answered), "what `decode` returned"
        (found,) = batch.results[0].values()
        status = found["status"]
        if "error" in found:
            wrong = found["error"]
            return told(status, error(status, wrong["type"], wrong["reason"]), context)
        answer = {name: one for name, one in found.items() if name != "status"}
        return told(status, answer, context, {"warning": PIPELINE_WARNING} if batch.warns else None)

    def refuse(self, refusal: Refusal, context: Context) -> Reply:
        """Answer an error."""
        return refused(refusal, context)
