"""The nodes of a template, compiled to functions that write."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from firstlight.model.gotemplate.calling import Failing, last_at
from firstlight.model.gotemplate.expressions import Expressions
from firstlight.model.gotemplate.nodes import Action, Body, Branch, Call, Field, Jump, Node, Text
from firstlight.model.gotemplate.printing import text_of
from firstlight.model.gotemplate.quoting import quoted
from firstlight.model.gotemplate.running import BREAK, CONTINUE, DEEPEST, GO_ON, MOST_STEPS, Run, Value, Write
from firstlight.model.gotemplate.values import TextMap, is_true


class Compiled:
    """A template that is ready: what writes it, and how many variables it has."""

    __slots__ = ("slots", "write")

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.write: Write = lambda run, dot: GO_ON


class Statements:
    """Compiles the nodes of one template."""

    def __init__(self, expressions: Expressions, templates: Mapping[str, Compiled]) -> None:
        self._expressions = expressions
        self._templates = templates

    def body(self, body: Body) -> Write:
        """Return what writes the nodes one after the other."""
        writes = [self._node(node) for node in body.nodes]
        if len(writes) == 1:
            return writes[0]

        def write(run: Run, dot: Any) -> int:
            for one in writes:
                if jump := one(run, dot):
                    return jump
            return GO_ON

        return write

    def _node(self, node: Node) -> Write:
        match node:
            case Text():
                return _text(node.text)
            case Action():
                return self._action(node)
            case Jump():
                jump = BREAK if node.word == "break" else CONTINUE
                return lambda run, dot: jump
            case Call():
                return self._call(node)
            case Branch():
                body = self.body(node.body)
                otherwise = self.body(node.otherwise) if node.otherwise is not None else _text("")
                value = self._expressions.pipe(node.pipe)
                if node.word == "range":
                    return self._range(node, value, body, otherwise)
                return _branch(value, body, otherwise, sets_dot=node.word == "with")

    def _action(self, node: Action) -> Write:
        value = self._expressions.pipe(node.pipe)
        if node.pipe.variables:

            def keep(run: Run, dot: Any) -> int:
                value(run, dot)
                return GO_ON

            return keep
        words = [word for command in node.pipe.commands for word in command.words]
        if len(words) == 1 and isinstance(words[0], Field) and len(words[0].names) == 1:
            return _member(words[0].names[0], value)

        def write(run: Run, dot: Any) -> int:
            _say(run, value(run, dot))
            return GO_ON

        return write

    def _call(self, node: Call) -> Write:
        fail = self._expressions.failing(node)
        templates = self._templates
        value = self._expressions.pipe(node.pipe) if node.pipe is not None else None
        name = node.name

        def write(run: Run, dot: Any) -> int:
            template = templates.get(name)
            if template is None:
                fail(f"template {quoted(name)} not defined")
            if run.depth == DEEPEST:
                fail(f"exceeded maximum template depth ({DEEPEST})")
            data = None if value is None else value(run, dot)
            variables, run.variables = run.variables, [data] * template.slots
            run.depth += 1
            template.write(run, data)
            run.depth -= 1
            run.variables = variables
            return GO_ON

        return write

    def _range(self, node: Branch, value: Value, body: Write, otherwise: Write) -> Write:
        fail = self._expressions.failing(last_at(node.pipe))
        slots = [variable.slot for variable in node.pipe.variables]

        def write(run: Run, dot: Any) -> int:
            ran = False
            for key, element in _pairs(value(run, dot), len(slots), fail):
                ran = True
                run.steps += 1
                if run.steps > MOST_STEPS:
                    fail(f"loops went round more than {MOST_STEPS} times")
                if slots:
                    run.variables[slots[-1]] = element
                    if len(slots) > 1:
                        run.variables[slots[0]] = key
                if body(run, element) == BREAK:
                    break
            return GO_ON if ran else otherwise(run, dot)

        return write


def _pairs(value: Any, variables: int, fail: Failing) -> Iterable[tuple[Any, Any]]:
    """Return the keys and elements of what a range goes over."""
    if isinstance(value, list):
        return enumerate(value)
    if isinstance(value, dict):
        return [(key, value[key]) for key in sorted(value)]
    if value is None:
        return ()
    if isinstance(value, int) and not isinstance(value, bool):
        if variables > 1:
            fail(f"can't use {int(value)} to iterate over more than one variable")
        return ((None, number) for number in range(value))
    return fail(f"range can't iterate over {text_of(value)}")


def _text(text: str) -> Write:
    def write(run: Run, dot: Any) -> int:
        run.out.append(text)
        return GO_ON

    return write


def _member(name: str, value: Value) -> Write:
    def write(run: Run, dot: Any) -> int:
        if dot.__class__ is TextMap and (found := dot.get(name)) is not None:
            run.out.append(found)
            return GO_ON
        _say(run, value(run, dot))
        return GO_ON

    return write


def _say(run: Run, value: Any) -> None:
    run.out.append(value if value.__class__ is str else "<no value>" if value is None else text_of(value))


def _branch(value: Value, body: Write, otherwise: Write, *, sets_dot: bool) -> Callable[[Run, Any], int]:
    def write(run: Run, dot: Any) -> int:
        found = value(run, dot)
        if is_true(found):
            return body(run, found if sets_dot else dot)
        return otherwise(run, dot)

    return write
