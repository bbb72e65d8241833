"""What a function of the language is told besides its arguments."""

from __future__ import annotations

from dataclasses import dataclass

from firstlight.errors import Span
from firstlight.query.promql.annotations import Annotations
from firstlight.query.promql.values import Steps


@dataclass(frozen=True, slots=True)
class Switches:
    """What can be switched on in the evaluation, by its name in Prometheus' `--enable-feature`."""

    delayed_name_removal: bool = False
    start_timestamps: bool = False
    """Whether rate and its like count from where a counter began (`use-start-timestamps`)."""


@dataclass(frozen=True, slots=True)
class Context:
    """Where and for what a call is evaluated."""

    steps: Steps
    annotations: Annotations
    switches: Switches
    span: Span
    """Of the call or operation itself, for annotations."""
    arg_spans: tuple[Span, ...] = ()
    """Of its arguments."""
