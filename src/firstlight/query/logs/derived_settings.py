"""Which metrics are made of logs: settings, checked when they are read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Final, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from firstlight.config.units import Duration
from firstlight.errors import QueryError, brief
from firstlight.query.logql.ast import LogQuery
from firstlight.query.logql.run import prepare

METRIC: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
RESERVED: Final = "__"


class LogMetric(BaseModel):
    """A metric whose samples are what a query of logs answers, again and again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    record: str = Field(description="the name of the metric")
    expr: str = Field(description='a metric query in LogQL, such as sum by (app) (rate({env="prod"} |= `error` [1m]))')
    interval: Duration = Field(default=60.0, ge=1.0, le=86_400, description="how often it is evaluated")
    labels: Mapping[str, str] = Field(default_factory=dict, description="labels that every series is given")

    @field_validator("record")
    @classmethod
    def _is_name(cls, name: str) -> str:
        if not METRIC.fullmatch(name):
            raise ValueError(f"cannot record as {brief(name)}; want the name of a metric: letters, digits, _ and :")
        return name

    @field_validator("expr")
    @classmethod
    def _is_metric_query(cls, text: str) -> str:
        try:
            expr = prepare(text)
        except QueryError as error:
            raise ValueError(str(error)) from None
        if isinstance(expr, LogQuery):
            raise ValueError(
                'cannot record lines of logs; want a metric query, such as sum(count_over_time({app="shop"}[1m]))'
            )
        return text

    @field_validator("labels")
    @classmethod
    def _are_labels(cls, labels: Mapping[str, str]) -> Mapping[str, str]:
        for name in labels:
            if not LABEL.fullmatch(name) or name.startswith(RESERVED):
                raise ValueError(f"cannot give series the label {brief(name)}; want letters, digits and _")
        return labels


def _each_once(metrics: Sequence[LogMetric]) -> Sequence[LogMetric]:
    """Refuse two that would write samples of the same series."""
    told = Counter((one.record, tuple(sorted(one.labels.items()))) for one in metrics)
    for (name, labels), count in told.items():
        if count > 1:
            shown = f" with the labels {dict(labels)}" if labels else ""
            raise ValueError(f"cannot record {name}{shown} more than once; want other names, or other labels")
    return metrics


LogMetrics: TypeAlias = Annotated[tuple[LogMetric, ...], AfterValidator(_each_once)]
"""All of them: the type of the setting `log_metrics`."""
