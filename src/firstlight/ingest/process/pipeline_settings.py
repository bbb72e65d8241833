"""What can be set about pipelines: for which lines, and the stages, each with its settings, in Promtail's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from firstlight.config.units import ByteSize, Duration
from firstlight.errors import brief, unknown_word
from firstlight.ingest.process.go_times import go_time
from firstlight.ingest.process.grok import grok
from firstlight.ingest.process.pattern_text import pattern_regex
from firstlight.ingest.process.pipeline_extracting import json_path
from firstlight.ingest.process.pipeline_selector import parse_selector
from firstlight.ingest.process.pipeline_template import parse_template
from firstlight.ingest.process.redaction_detectors import DETECTORS
from firstlight.ingest.process.redaction_settings import checked_regex


def _selector(text: str) -> str:
    parse_selector(text)
    return text


def _template(text: str) -> str:
    parse_template(text)
    return text


Selector = Annotated[str, AfterValidator(_selector)]
Expression = Annotated[str, AfterValidator(checked_regex)]
Template = Annotated[str, AfterValidator(_template)]
Sources = Mapping[str, str | None]
"""A name, and what it is taken from: another name, or nothing for the same."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class JsonStage(_Section):
    """Takes values out of JSON."""

    expressions: Sources = Field(
        description="a name, and the path of the value: user.id, items[0]; nothing for the name"
    )
    source: str = Field(default="", description="what is read, instead of the line")
    drop_malformed: bool = Field(default=False, description="drop lines that are no JSON")

    @field_validator("expressions")
    @classmethod
    def _are_paths(cls, expressions: Sources) -> Sources:
        for path in expressions.values():
            json_path(path or "")
        return expressions


class LogfmtStage(_Section):
    """Takes values out of logfmt."""

    mapping: Sources = Field(description="a name, and the key that it is the value of; nothing for the name")
    source: str = Field(default="", description="what is read, instead of the line")


class RegexStage(_Section):
    """Takes the named groups of an expression."""

    expression: Expression = Field(description="an expression of RE2 with named groups")
    source: str = Field(default="", description="what is read, instead of the line")

    @field_validator("expression")
    @classmethod
    def _has_names(cls, expression: str) -> str:
        if "(?P<" not in expression and "(?<" not in expression:
            raise ValueError(f"cannot use {brief(expression)}: it has no named group; want one such as (?P<name>…)")
        return expression


class PatternStage(_Section):
    """Takes the captures of a pattern, as LogQL's."""

    expression: str = Field(description="such as <ip> - <user> <_>")
    source: str = Field(default="", description="what is read, instead of the line")

    @field_validator("expression")
    @classmethod
    def _is_pattern(cls, expression: str) -> str:
        pattern_regex(expression)
        return expression


class GrokStage(_Section):
    """Takes the fields of a grok expression."""

    expression: str = Field(description="such as %{IP:client} %{WORD:method}")
    definitions: Mapping[str, str] = Field(default_factory=dict, description="more patterns, by their names")
    source: str = Field(default="", description="what is read, instead of the line")

    @model_validator(mode="after")
    def _is_grok(self) -> Self:
        found = grok(self.expression, self.definitions)
        checked_regex(found.expression)
        if not found.fields:
            raise ValueError(f"cannot use {brief(self.expression)}: it names no field; want one such as %{{IP:client}}")
        return self


class TimestampStage(_Section):
    """Sets the time."""

    source: str = Field(description="what holds the time")
    format: str = Field(description="its layout as Go writes it, or RFC3339, Unix, UnixMs, …")
    fallback_formats: tuple[str, ...] = Field(default=(), description="layouts that are tried next")
    location: str = Field(default="UTC", description="the time zone of times that do not say theirs")
    action_on_failure: str = Field(
        default="fudge", description="fudge: a nanosecond after the line before; skip: as the line came"
    )

    @model_validator(mode="after")
    def _can_read(self) -> Self:
        for layout in (self.format, *self.fallback_formats):
            go_time(layout)
        try:
            ZoneInfo(self.location)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(
                f"cannot find the time zone {brief(self.location)}; want one such as Europe/Berlin"
            ) from None
        if self.action_on_failure not in ("fudge", "skip"):
            raise ValueError(unknown_word("action_on_failure", self.action_on_failure, ("fudge", "skip")))
        return self


class DropStage(_Section):
    """Drops lines of which all that is said holds."""

    source: str = Field(default="", description="what is looked at, instead of the line")
    expression: Expression | None = Field(default=None, description="an expression of RE2 that finds something in it")
    value: str | None = Field(default=None, description="what it is")
    longer_than: ByteSize | None = Field(default=None, description="bytes that the line has more than")
    older_than: Duration | None = Field(default=None, description="how much older the line is than now")
    drop_counter_reason: str = Field(default="drop_stage", description="what dropped lines are counted as")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.expression is not None and self.value is not None:
            raise ValueError("expression and value exclude each other; want one")
        if self.value is not None and not self.source:
            raise ValueError("value needs a source; say what is to have it")
        if not self.source and {self.expression, self.longer_than, self.older_than} == {None}:
            raise ValueError("nothing says what is dropped; want source, expression, longer_than or older_than")
        return self


class SamplingStage(_Section):
    """Keeps a part of the lines."""

    rate: float = Field(ge=0, le=1, description="the part that is kept, from 0 to 1")
    drop_counter_reason: str = Field(default="sampling_stage", description="what dropped lines are counted as")


class LimitStage(_Section):
    """Keeps so many lines a second."""

    rate: float = Field(gt=0, description="lines a second")
    burst: int = Field(gt=0, description="lines that may come at once")
    by_label_name: str = Field(default="", description="a label: each of its values has a limit of its own")
    max_distinct_labels: int = Field(default=10_000, gt=0, le=100_000, description="for how many values")
    drop: bool = Field(default=True, description="drop what is too much; there is no other way here")
    drop_counter_reason: str = Field(default="ratelimit_drop_stage", description="what dropped lines are counted as")

    @field_validator("drop")
    @classmethod
    def _drops(cls, drop: bool) -> bool:
        if not drop:
            raise ValueError("cannot make senders wait; want drop: true")
        return drop


class MultilineStage(_Section):
    """Joins lines of a stream that come in one request."""

    firstline: Expression = Field(description="an expression of RE2 that the first line of each record matches")
    max_lines: int = Field(default=128, gt=0, le=10_000, description="lines of a record")
    max_wait_time: Duration = Field(default=3.0, description="taken as Promtail has it; nothing waits here")


class TemplateStage(_Section):
    """Makes a value of others."""

    source: str = Field(description="the value that is made")
    template: Template = Field(description="a template of Go's; .Value is the value before, .Entry the line")


class ReplaceStage(_Section):
    """Replaces what the groups of an expression catch, or all that it finds."""

    expression: Expression = Field(description="an expression of RE2")
    replace: str = Field(default="", description="what is put in place; {{ .Value }} is what was there")
    source: str = Field(default="", description="where, instead of the line")


class MaskStage(_Section):
    """Makes unreadable what built-in detectors find."""

    detectors: tuple[str, ...] = Field(min_length=1, description=f"which: {', '.join(DETECTORS)}")
    source: str = Field(default="", description="where, instead of the line")

    @field_validator("detectors")
    @classmethod
    def _are_known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in DETECTORS:
                raise ValueError(unknown_word("detector", name, DETECTORS))
        return names


class OutputStage(_Section):
    """Sets the line."""

    source: str = Field(description="the value that the line becomes")


class NothingStage(_Section):
    """Has no settings."""


class MatchStage(_Section):
    """Sends some of the lines through stages of their own, or drops them."""

    selector: Selector = Field(description='which, such as {app="shop"} |= "x"; labels that stages have set count')
    stages: tuple[StageSettings, ...] = Field(default=(), description="what they go through")
    action: str = Field(default="keep", description="keep or drop")
    drop_counter_reason: str = Field(default="match_stage", description="what dropped lines are counted as")

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if self.action not in ("keep", "drop"):
            raise ValueError(unknown_word("action", self.action, ("keep", "drop")))
        if bool(self.stages) is (self.action == "drop"):
            raise ValueError("action keep needs stages, and action drop takes none")
        return self


class StageSettings(_Section):
    """One step of a pipeline: the one thing that is said."""

    json_: JsonStage | None = Field(default=None, alias="json", description="take values out of JSON")
    logfmt: LogfmtStage | None = Field(default=None, description="take values out of logfmt")
    regex: RegexStage | None = Field(default=None, description="take the groups of an expression")
    pattern: PatternStage | None = Field(default=None, description="take the captures of a pattern")
    grok: GrokStage | None = Field(default=None, description="take the fields of a grok expression")
    timestamp: TimestampStage | None = Field(default=None, description="set the time")
    labels: Sources | None = Field(default=None, description="set labels of the stream")
    static_labels: Mapping[str, str] | None = Field(default=None, description="set labels to values")
    labeldrop: tuple[str, ...] | None = Field(default=None, description="take labels away")
    labelallow: tuple[str, ...] | None = Field(default=None, description="take all labels away but these")
    structured_metadata: Sources | None = Field(default=None, description="set attributes of the record")
    drop: DropStage | None = Field(default=None, description="drop lines")
    sampling: SamplingStage | None = Field(default=None, description="keep a part of the lines")
    limit: LimitStage | None = Field(default=None, description="keep so many lines a second")
    multiline: MultilineStage | None = Field(default=None, description="join lines")
    template: TemplateStage | None = Field(default=None, description="make a value of others")
    replace: ReplaceStage | None = Field(default=None, description="replace what an expression finds")
    mask: MaskStage | None = Field(default=None, description="make unreadable what detectors find")
    output: OutputStage | None = Field(default=None, description="set the line")
    match: MatchStage | None = Field(default=None, description="stages for some of the lines")
    decolorize: NothingStage | None = Field(default=None, description="take colours out of the line")
    cri: NothingStage | None = Field(default=None, description="nothing: such wrapping is taken off before")
    docker: NothingStage | None = Field(default=None, description="nothing: such wrapping is taken off before")

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        found = self._said()
        if len(found) != 1:
            said = " and ".join(found) or "nothing"
            raise ValueError(f"a stage does one thing, and this says {said}; want a list entry for each")
        return self

    @property
    def kind(self) -> str:
        """What the stage does."""
        return self._said()[0]

    def _said(self) -> list[str]:
        return [name.rstrip("_") for name in type(self).model_fields if getattr(self, name) is not None]

    @model_serializer(mode="wrap")
    def _without_nothing(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in write(self).items() if value is not None}


class PipelineSettings(_Section):
    """Stages that the lines of some streams go through."""

    name: str = Field(min_length=1, max_length=64, description="what it is called and counted as")
    selector: Selector = Field(default="{}", description='which lines, such as {service_name="shop"} |= "x"')
    stages: tuple[StageSettings, ...] = Field(default=(), description="what they go through, in order")


MatchStage.model_rebuild()  # now that there is what its stages are
