"""Calls of functions: how many arguments, of which types, and what a fault is called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from firstlight.model.gotemplate.builtins import VALUE
from firstlight.model.gotemplate.nodes import Bool, Dot, Field, Identifier, Nil, Number, Operand, String
from firstlight.model.gotemplate.running import Command, Run, Value
from firstlight.model.gotemplate.values import ANY, Fault, Function, fits, is_true, type_of

Failing = Callable[[str], NoReturn]
"""What raises the error of a node."""

NILABLE = frozenset({ANY, VALUE, "func()"})


def parameter_types(function: Function, count: int) -> list[str]:
    """Return the types of `count` arguments."""
    types = list(function.parameters[:count])
    return types + [function.rest] * (count - len(types))


def miscounted(name: str, function: Function, given: int, written: int) -> str:
    """Return what is wrong with the number of arguments; empty if nothing is."""
    wanted = len(function.parameters)
    if function.rest:
        return f"wrong number of args for {name}: want at least {wanted} got {written}" if given < wanted else ""
    return f"wrong number of args for {name}: want {wanted} got {given}" if given != wanted else ""


def constant(node: Operand, wanted: str, fail: Failing) -> Value | None:
    """Return what gives the literal `node` as the type `wanted`; None if it is none that stands for itself."""
    if isinstance(node, Nil):
        if wanted in NILABLE or wanted.startswith(("map[", "[]")):
            return lambda run, dot: None
        return lambda run, dot: fail(f"cannot assign nil to {wanted}")
    if not isinstance(node, Bool | Number | String):
        return None
    if wanted in (ANY, VALUE):
        return ideal(node, fail)
    value: Any
    match wanted:
        case "string":
            value = node.value if isinstance(node, String) else None
            found = "string"
        case "int" | "int64":
            value = node.integer if isinstance(node, Number) else None
            found = "integer"
        case "float64":
            value = node.floating if isinstance(node, Number) else None
            found = "float"
        case "bool":
            value = node.value if isinstance(node, Bool) else None
            found = "bool"
        case _:
            return lambda run, dot: fail(f"can't handle {node} for arg of type {wanted}")
    if value is None:
        return lambda run, dot: fail(f"expected {found}; found {node}")
    return lambda run, dot: value


def ideal(node: Bool | Number | String, fail: Failing) -> Value:
    """Return what gives a literal as the type that its text tells."""
    if not isinstance(node, Number):
        literal = node.value
        return lambda run, dot: literal
    if node.imaginary is not None:
        return lambda run, dot: node.imaginary
    text = node.text
    is_hexadecimal = text[:2].lower() == "0x" and "p" not in text.lower()
    if not is_hexadecimal and text[0] != "'" and any(mark in text for mark in ".eEpP"):
        return lambda run, dot: node.floating
    if node.integer is None or not -(1 << 63) <= node.integer < 1 << 63:
        return lambda run, dot: fail(f"{text} overflows int")
    return lambda run, dot: node.integer


def checked(value: Value, wanted: str, fail: Failing) -> Value:
    """Return `value`, which must be of the type `wanted`."""
    if wanted in (ANY, VALUE):
        return value

    def check(run: Run, dot: Any) -> Any:
        found = value(run, dot)
        if found.__class__ is str and wanted == "string":
            return found
        return check_type(found, wanted, fail)

    return check


def check_type(found: Any, wanted: str, fail: Failing) -> Any:
    """Return `found` if it is of the type `wanted`."""
    if wanted in (ANY, VALUE) or fits(found, wanted):
        return found
    if found is None:
        if wanted.startswith(("map[", "[]")):
            return None
        fail(f"invalid value; expected {wanted}")
    return fail(f"wrong type for value; expected {wanted}; got {type_of(found)}")


def called(
    name: str, function: Function, arguments: Sequence[Value], final: str | None, fail: Failing, fail_final: Failing
) -> Command:
    """Return the call of a function; `final` is the type of what must come through the pipeline, if it does."""
    call = function.call

    def attempt(values: list[Any]) -> Any:
        try:
            return call(*values)
        except Fault as fault:
            fail(f"error calling {name}: {fault}")

    if final is None:
        if len(arguments) == 1:
            only = arguments[0]

            def call_one(run: Run, dot: Any, _: Any) -> Any:
                value = only(run, dot)
                try:
                    return call(value)
                except Fault as fault:
                    fail(f"error calling {name}: {fault}")

            return call_one
        return lambda run, dot, _: attempt([argument(run, dot) for argument in arguments])

    def call_with_final(run: Run, dot: Any, last: Any) -> Any:
        values = [argument(run, dot) for argument in arguments]
        values.append(check_type(last, final, fail_final))
        return attempt(values)

    return call_with_final


def short_circuit(name: str, arguments: Sequence[Value], *, has_final: bool) -> Command:
    """Return `and` or `or`: the first argument that decides, or the last one."""
    decides = name == "or"

    def evaluate(run: Run, dot: Any, last: Any) -> Any:
        value = None
        for argument in arguments:
            value = argument(run, dot)
            if is_true(value) == decides:
                return value
        return last if has_final else value

    return evaluate


def last_at(node: Operand) -> Operand:
    """Return the node that Go was at last when it has evaluated `node`: errors that follow are said to be there."""
    match node:
        case Dot() | Nil() | Bool() | Number() | String() | Field() | Identifier():
            return node
        case _:
            pass
    commands = getattr(node, "commands", None)
    if commands:
        first, *rest = commands[-1].words
        return last_at(rest[-1]) if rest and isinstance(first, Identifier) else last_at(first)
    inner = getattr(node, "node", None)
    return last_at(inner) if inner is not None else node
