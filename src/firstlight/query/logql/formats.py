"""`line_format` and `label_format`: what a line says, and labels, by templates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from firstlight.model.gotemplate import BadTemplate, ExecutionError, Template, TextMap
from firstlight.model.gotemplate import nodes as go
from firstlight.query.logql.ast import LabelAssignment, LabelFormat, LineFormat
from firstlight.query.logql.errors_stage import BadStage
from firstlight.query.logql.label_sets import LabelSet
from firstlight.query.logql.lines import ERROR
from firstlight.query.logql.pipeline_block import Rewrite
from firstlight.query.logql.template_functions import Seen, functions_for

TEMPLATE_ERROR: Final = "TemplateFormatErr"


def compile_line_format(stage: LineFormat, now_ns: int) -> Rewrite:
    """Return what writes a line anew; raise BadStage if the template is none."""
    seen = Seen(now_ns)
    template = _template("line", stage.template, seen, lambda error: f"invalid line template: {error}", stage)
    simple = _simple_member(template)
    if simple:
        return lambda text, ts, labels: (labels.get(simple) or "", labels)

    def rewrite(text: str, ts: int, labels: LabelSet) -> tuple[str, LabelSet]:
        seen.line, seen.ts = text, ts
        try:
            return _proper(template.execute(TextMap(labels.visible()))), labels
        except ExecutionError as error:
            return text, labels.failed(TEMPLATE_ERROR, str(error))

    return rewrite


def compile_label_format(stage: LabelFormat, now_ns: int) -> Rewrite:
    """Return what gives a line new labels; raise BadStage if a template is none, or a label is given twice."""
    seen = Seen(now_ns)
    names: set[str] = set()
    formats: list[tuple[LabelAssignment, Template | None]] = []
    for one in stage.assignments:
        if one.label == ERROR:
            raise BadStage(f"{ERROR} cannot be formatted", span=one.span)
        if one.label in names:
            words = f"multiple label name '{one.label}' not allowed in a single format operation"
            raise BadStage(words, span=one.span)
        names.add(one.label)
        formats.append((one, _label_template(one, seen) if one.is_template else None))

    def rewrite(text: str, ts: int, labels: LabelSet) -> tuple[str, LabelSet]:
        seen.line, seen.ts = text, ts
        # As in Loki, templates see the labels as they were before the first of them.
        data: TextMap | None = None
        for one, template in formats:
            if template is None:
                value = labels.get(one.source)
                if value is not None:
                    labels = labels.set(one.label, value).without(frozenset({one.source}))
                continue
            if not data:
                data = TextMap(labels.visible())
            try:
                labels = labels.set(one.label, _proper(template.execute(data)))
            except ExecutionError as error:
                labels = labels.failed(TEMPLATE_ERROR, str(error))
        return text, labels

    return rewrite


def _proper(text: str) -> str:
    """Return `text` with U+FFFD for bytes that are no UTF-8, as where a function has cut a character in two."""
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def fields_of(stage: LineFormat | LabelFormat) -> frozenset[str]:
    """Return the labels that the templates of a stage name, and those that it renames."""
    seen = Seen(0)
    if isinstance(stage, LineFormat):
        return frozenset(_fields(Template("line", stage.template, functions_for(seen)).definition.body.nodes))
    names: set[str] = set()
    for one in stage.assignments:
        if one.is_template:
            names.update(_fields(Template("label", one.source, functions_for(seen)).definition.body.nodes))
        else:
            names.add(one.source)
    return frozenset(names)


def reads_lines(stage: LabelFormat) -> bool:
    """Return whether the labels depend on more than labels: on what a line says, or when it was written."""
    return any(
        one.is_template and ("__line__" in one.source or "__timestamp__" in one.source) for one in stage.assignments
    )


def _label_template(one: LabelAssignment, seen: Seen) -> Template:
    return _template("label", one.source, seen, lambda error: f"invalid template for label '{one.label}': {error}", one)


def _template(
    name: str, text: str, seen: Seen, words: Callable[[BadTemplate], str], node: LineFormat | LabelAssignment
) -> Template:
    try:
        return Template(name, text, functions_for(seen), "zero")
    except BadTemplate as error:
        raise BadStage(words(error), span=node.span) from None


def _simple_member(template: Template) -> str:
    """Return the label that is all a template writes; empty if it writes something else."""
    match template.definition.body.nodes:
        case (go.Action(pipe=go.Pipe(commands=(go.Command(words=(go.Field(names=(name,)),)),))),):
            return name
    return ""


def _fields(nodes: Any) -> Iterator[str]:
    """Yield the names of all members that the nodes of a template name."""
    for node in nodes:
        match node:
            case go.Field():
                yield from node.names
            case go.Action():
                yield from _fields([node.pipe])
            case go.Pipe():
                yield from _fields(node.commands)
            case go.Command():
                yield from _fields(node.words)
            case go.Branch():
                yield from _fields([node.pipe])
                yield from _fields(node.body.nodes)
                yield from _fields(node.otherwise.nodes if node.otherwise is not None else ())
