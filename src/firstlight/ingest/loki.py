"""Loki's push API: ``POST /loki/api/v1/push``, and ``/api/prom/push`` of the time before version 1.

Law: <https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs>. JSON, or protobuf in a block of
snappy, which clients send without naming snappy. Of a push with something bad in it the rest is kept, and the answer is
400 with what was refused, as Loki's is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from firstlight.config.units import ByteSize, Duration
from firstlight.http.errors import BodyTooLarge
from firstlight.ingest.http import HttpDoor
from firstlight.ingest.plain_text import refused, told
from firstlight.ingest.receiver import Context, Reply
from firstlight.ingest.refusal import Refusal
from firstlight.model.batch import Batch, join
from firstlight.wire.loki.intake import PushIntake
from firstlight.wire.loki.json_push import read_legacy_push, read_push
from firstlight.wire.loki.limits import PushLimits, sentence
from firstlight.wire.loki.protobuf import ProtobufPushes

PATH: Final = "/loki/api/v1/push"
LEGACY_PATH: Final = "/api/prom/push"
JSON: Final = "application/json"
PROTOBUF: Final = "application/x-protobuf"
SNAPPY: Final = "snappy"

NANOSECONDS: Final = 10**9


class LokiPushSettings(BaseModel):
    """What is taken of a push to Loki's API. Unlike in Loki, there is no limit of age until one is set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_label_names: int = Field(default=100, ge=0, description="labels of a stream; 0 for any number")
    max_label_name: ByteSize = Field(default=1024, description="bytes of a label's name; 0 for any number")
    max_label_value: ByteSize = Field(default=2048, description="bytes of a label's value; 0 for any number")
    max_age: Duration = Field(default=0.0, ge=0, description="how old an entry may be; 0 for any age")
    max_ahead: Duration = Field(default=0.0, ge=0, description="how far in the future an entry may be; 0 for any time")
    max_metadata: ByteSize = Field(default=64 * 1024, description="bytes of an entry's structured metadata; 0 for any")
    max_metadata_entries: int = Field(default=128, ge=0, description="names in it; 0 for any number")
    max_line: ByteSize = Field(default=1024 * 1024, description="from how many bytes on a line is cut; 0 for never")

    @property
    def limits(self) -> PushLimits:
        """The same, as the reader of pushes has it."""
        return PushLimits(
            max_label_names=self.max_label_names,
            max_label_name=self.max_label_name,
            max_label_value=self.max_label_value,
            max_age_ns=round(self.max_age * NANOSECONDS),
            max_ahead_ns=round(self.max_ahead * NANOSECONDS),
            max_metadata=self.max_metadata,
            max_metadata_entries=self.max_metadata_entries,
            max_line=self.max_line,
        )


class LokiPush:
    """The receiver of both paths and both formats."""

    name = "loki"
    signal = "logs"

    def __init__(self, intake: PushIntake, *, max_json: int) -> None:
        """Take how many bytes JSON may have, which takes several times as many to read."""
        self._intake = intake
        self._max_json = max_json
        self._protobuf = ProtobufPushes()

    def decode(self, body: bytes, context: Context) -> Batch:
        """Return the entries that a push carries."""
        if context.content_type == JSON or (context.content_type != PROTOBUF and body.lstrip()[:1] == b"{"):
            if len(body) > self._max_json:
                words = f"cannot take JSON of more than {self._max_json} bytes; send smaller requests, or protobuf"
                raise BodyTooLarge(words)
            read = read_legacy_push if context.path.startswith(LEGACY_PATH) else read_push
            pushes = iter([read(body)])
        else:
            pushes = self._protobuf.read(body)
        return join(self._intake.batch(push, tenant=context.tenant, now_ns=context.now_ns) for push in pushes)

    def reply(self, batch: Batch, context: Context) -> Reply:
        """Answer that all was taken, or what was not."""
        counts = batch.rejected.counts
        if not counts:
            return Reply(204)
        words = [sentence(told_of) for told_of in counts]
        numbered = zip(words, counts.values(), strict=True)
        return told(400, "; ".join(f"{count} errors like: {one}" if count > 1 else one for one, count in numbered))

    def refuse(self, refusal: Refusal, context: Context) -> Reply:
        """Answer an error; one that will pass says when to come again."""
        return refused(refusal)


def loki_push_routes(door: HttpDoor, receiver: LokiPush) -> Sequence[BaseRoute]:
    """Return the routes of both paths."""
    return [_route(door, receiver, PATH), _route(door, receiver, LEGACY_PATH)]


def _route(door: HttpDoor, receiver: LokiPush, path: str) -> Route:
    """Return a route on which protobuf is taken for snappy, whether it says so or not, and JSON for what it is."""
    plain = door.route(path, receiver)
    packed = door.route(path, receiver, default_encoding=SNAPPY)

    async def endpoint(request: Request) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        found: Response = await (packed if kind == PROTOBUF else plain).endpoint(request)
        return found

    return Route(path, endpoint, methods=["POST"])
