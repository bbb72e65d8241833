"""Log records of web services: a sentence with numbers in it, six attributes, most of them within a trace."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Final

import numpy as np
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs, SeverityNumber

from bench.sent.attributes import any_value, key_values
from bench.sent.fleet import PROCESSES_PER_REQUEST, Process, scope, senders
from bench.sent.spans import MILLISECOND, WINDOW, fill
from bench.sent.template import Slots, Template

SEVERITIES: Final = (
    # number                                  text     how many of a hundred
    (SeverityNumber.SEVERITY_NUMBER_DEBUG, "DEBUG", 15),
    (SeverityNumber.SEVERITY_NUMBER_INFO, "INFO", 75),
    (SeverityNumber.SEVERITY_NUMBER_WARN, "WARN", 7),
    (SeverityNumber.SEVERITY_NUMBER_ERROR, "ERROR", 3),
)
VERBS: Final = tuple("placed cancelled paid shipped returned reserved priced rejected merged expired".split())
REASONS: Final = (
    "as the customer asked",
    "because the card was declined by the issuer",
    "after the warehouse confirmed the stock",
    "on the second attempt, the first one timed out",
    "and its event handed to the outbox",
)
IN_A_TRACE: Final = 0.7


class LogExport:
    """The log records of a few processes."""

    def __init__(self, seed: int, items: int) -> None:
        builder = _Builder(Random(seed))
        request = builder.request(items)
        self.items = items
        self._random = np.random.default_rng(seed)
        self._template = Template.of(request.SerializeToString(), builder.slots)
        self._offsets = np.array(builder.offsets, np.int64)

    def body(self, now_ns: int) -> bytearray:
        """Return records that have just been written."""
        return fill(self._template, self._random, now_ns, self._offsets)


class _Builder:
    def __init__(self, random: Random) -> None:
        self.slots = Slots()
        self.offsets: list[int] = []
        self._random = random

    def request(self, records: int) -> ExportLogsServiceRequest:
        chosen = senders(self._random)
        shares = [len(range(place, records, PROCESSES_PER_REQUEST)) for place in range(PROCESSES_PER_REQUEST)]
        return ExportLogsServiceRequest(
            resource_logs=[
                ResourceLogs(
                    resource=process.resource(),
                    scope_logs=[ScopeLogs(scope=scope("logging"), log_records=self._records(process, share))],
                )
                for process, share in zip(chosen, shares, strict=True)
            ]
        )

    def _records(self, process: Process, count: int) -> Iterator[LogRecord]:
        # A process writes its records in the order of time.
        for offset in sorted(-self._random.randrange(WINDOW) for _ in range(count)):
            yield self._record(process, offset)

    def _record(self, process: Process, offset: int) -> LogRecord:
        (number, text, _), verb = self._random.choices(SEVERITIES, [row[2] for row in SEVERITIES])[0], self._verb()
        traced = self._random.random() < IN_A_TRACE
        reason = self._random.choice(REASONS)
        words = f"order {self.slots.take('digits').text} of customer {self.slots.take('digits').text} {verb} {reason}"
        self.offsets += [offset, offset + self._random.randrange(MILLISECOND)]
        return LogRecord(
            time_unix_nano=self.slots.take("time").fixed64,
            observed_time_unix_nano=self.slots.take("time").fixed64,
            severity_number=number,
            severity_text=text,
            body=any_value(f"{words}, {self._random.randrange(2, 900)} ms"),
            attributes=key_values(
                {
                    "code.file.path": f"/srv/app/shop/{process.service}.py",
                    "code.function.name": verb,
                    "code.line.number": self._random.randrange(20, 900),
                    "thread.name": f"AnyIO worker thread {self._random.randrange(16)}",
                    "shop.customer.tier": self._random.choice(("free", "plus", "business")),
                    "shop.request.id": self.slots.take("digits").text,
                }
            ),
            trace_id=self.slots.take("trace").raw + self.slots.take("trace").raw if traced else b"",
            span_id=self.slots.take("span").raw if traced else b"",
            flags=1 if traced else 0,
        )

    def _verb(self) -> str:
        return self._random.choice(VERBS)
