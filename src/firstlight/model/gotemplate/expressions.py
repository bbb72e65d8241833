"""Pipelines, compiled to functions of the run and dot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NoReturn

from firstlight.model.gotemplate import nodes
from firstlight.model.gotemplate.builtins import call_of
from firstlight.model.gotemplate.calling import (
    Failing,
    called,
    checked,
    constant,
    ideal,
    last_at,
    miscounted,
    parameter_types,
    short_circuit,
)
from firstlight.model.gotemplate.nodes import (
    Bool,
    Chain,
    Dot,
    Field,
    Identifier,
    Nil,
    Node,
    Number,
    Operand,
    Pipe,
    String,
    Tree,
    Variable,
)
from firstlight.model.gotemplate.quoting import quoted
from firstlight.model.gotemplate.running import Command, ExecutionError, Run, Value
from firstlight.model.gotemplate.values import ANY, Fault, Function, Missing, Struct, TextMap, member


class Expressions:
    """Compiles the pipelines of one template."""

    def __init__(self, tree: Tree, name: str, functions: Mapping[str, Function], missing: Missing) -> None:
        self._tree = tree
        self._name = name
        self._functions = functions
        self._missing = missing

    def failing(self, node: Operand | Node | nodes.Command) -> Failing:
        """Return what raises an error that is said to be at `node`."""

        def fail(words: str) -> NoReturn:
            place = self._tree.location(node.place)
            raise ExecutionError(f"template: {place}: executing {quoted(self._name)} at <{node}>: {words}")

        return fail

    def pipe(self, pipe: Pipe) -> Value:
        """Return the value of a pipeline, which it also keeps in the pipeline's variables."""
        first = self._command(pipe.commands[0], None, pipe)
        rest = [
            self._command(command, last_at(Pipe(pipe.place, pipe.commands[:number])), pipe)
            for number, command in enumerate(pipe.commands[1:], start=1)
        ]
        slots = [variable.slot for variable in pipe.variables]
        if not rest and not slots:
            return lambda run, dot: first(run, dot, None)

        def evaluate(run: Run, dot: Any) -> Any:
            value = first(run, dot, None)
            for command in rest:
                value = command(run, dot, value)
            for slot in slots:
                run.variables[slot] = value
            return value

        return evaluate

    def _command(self, command: nodes.Command, before: Operand | None, pipe: Pipe) -> Command:
        """Return a command; `before` is what is evaluated before it in the pipeline, if anything is."""
        first, *arguments = command.words
        has_final = before is not None
        match first:
            case Field() | Variable() | Chain():
                return self._access(first, arguments, has_final)
            case Identifier():
                return self._function(first, command, arguments, has_final)
        if arguments or has_final:
            fail = self.failing(pipe if isinstance(first, Pipe) else first)
            words = f"can't give argument to non-function {f'({first})' if isinstance(first, Pipe) else first}"
            return lambda run, dot, final: fail(words)
        if isinstance(first, Nil):
            fail_nil = self.failing(first)
            return lambda run, dot, final: fail_nil("nil is not a command")
        value = self._plain(first)
        return lambda run, dot, final: value(run, dot)

    def operand(self, node: Operand, wanted: str) -> Value:
        """Return an argument, which must be of the type `wanted`."""
        literal = constant(node, wanted, self.failing(node))
        return literal or checked(self._plain(node), wanted, self.failing(last_at(node)))

    def _plain(self, node: Operand) -> Value:
        """Return the value of an operand, of whatever type it is."""
        match node:
            case Dot():
                return lambda run, dot: dot
            case Bool() | Number() | String():
                return ideal(node, self.failing(node))
            case Pipe():
                return self.pipe(node)
            case Identifier():
                call = self._function(node, node, [], False)
                return lambda run, dot: call(run, dot, None)
            case Nil():
                return lambda run, dot: None
            case Variable(names=()):
                slot = node.slot
                return lambda run, dot: run.variables[slot]
            case Field(names=(name,)):
                return self._member(node, name)
        access = self._access(node, [], False)
        return lambda run, dot: access(run, dot, None)

    def _member(self, node: Field, name: str) -> Value:
        """Return a member of dot: the most frequent operand of all, which a map of texts mostly has."""
        access = self._access(node, [], False)

        def evaluate(run: Run, dot: Any) -> Any:
            if dot.__class__ is TextMap:
                value = dot.get(name)
                if value is not None:
                    return value
            return access(run, dot, None)

        return evaluate

    def _access(self, node: Field | Variable | Chain, arguments: list[Operand], has_final: bool) -> Command:
        """Return members of members; the last one may be a method, which gets the arguments."""
        names = node.names
        fail = self.failing(last_at(node))
        start: Value
        if isinstance(node, Variable):
            slot = node.slot
            start = lambda run, dot: run.variables[slot]  # noqa: E731 - one of three
            if not names:
                if not arguments and not has_final:
                    return lambda run, dot, final: start(run, dot)
                return lambda run, dot, final: fail(f"can't give argument to non-function {node}")
        elif isinstance(node, Chain):
            start = self.operand(node.node, ANY)
        else:
            start = lambda run, dot: dot  # noqa: E731 - one of three
        *between, last = names
        given = [self.operand(argument, ANY) for argument in arguments]
        missing = self._missing

        def method(run: Run, dot: Any, value: Any, name: str, *, final: Any, is_last: bool) -> Any:
            function = value.methods()[name]
            values = [argument(run, dot) for argument in given] if is_last else []
            if is_last and has_final:
                values.append(final)
            if wrong := miscounted(name, function, len(values), len(values)):
                fail(wrong)
            try:
                return function.call(*values)
            except Fault as fault:
                fail(f"error calling {name}: {fault}")

        def evaluate(run: Run, dot: Any, final: Any) -> Any:
            value, held = start(run, dot), False
            try:
                for name in between:
                    if isinstance(value, Struct) and name in value.methods():
                        value, held = method(run, dot, value, name, final=None, is_last=False), False
                        continue
                    in_map = value.__class__ is dict and (name in value or missing == "zero")
                    value, held = member(value, name, missing, held=held), in_map
                if isinstance(value, Struct) and last in value.methods():
                    return method(run, dot, value, last, final=final, is_last=True)
                found = member(value, last, missing, held=held)
            except Fault as fault:
                fail(str(fault))
            if given or has_final:
                fail(f"{last} is not a method but has arguments")
            return found

        return evaluate

    def _function(
        self, node: Identifier, command: Identifier | nodes.Command, arguments: list[Operand], has_final: bool
    ) -> Command:
        function = self._functions[node.name]
        name = node.name
        count = len(arguments) + has_final
        if wrong := miscounted(name, function, count, len(arguments)):
            fail = self.failing(node)
            return lambda run, dot, final: fail(wrong)
        types = parameter_types(function, count)
        values = [self.operand(argument, wanted) for argument, wanted in zip(arguments, types, strict=False)]
        if name in ("and", "or"):
            return short_circuit(name, values, has_final=has_final)
        if name == "call":
            function = replace(function, call=partial(call_of, str(arguments[0]) if arguments else ""))
        after = self.failing(last_at(arguments[-1]) if arguments else node)
        return called(name, function, values, types[-1] if has_final else None, self.failing(command), after)
