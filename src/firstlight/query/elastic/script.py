"""Scripts of arithmetic, as Grafana writes them: numbers, params, signs and brackets."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from firstlight.query.elastic.faults import SearchFault

MAX_SCRIPT: Final = 1_000

_BINARY: Final[Mapping[type, Callable[[float, float], float]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Mod: math.fmod,
}
_COMPARED: Final[Mapping[type, Callable[[float, float], bool]]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_FUNCTIONS: Final[Mapping[str, Callable[..., float]]] = {
    "abs": abs,
    "ceil": math.ceil,
    "exp": math.exp,
    "floor": math.floor,
    "log": math.log,
    "log10": math.log10,
    "max": max,
    "min": min,
    "round": round,
    "sqrt": math.sqrt,
}


class Script:
    """An expression that can be computed again and again."""

    def __init__(self, said: Any) -> None:
        source = said.get("source", said.get("inline")) if isinstance(said, Mapping) else said
        if not isinstance(source, str) or len(source) > MAX_SCRIPT:
            raise _refused(str(source))
        self._source = source
        self._given = dict(said.get("params") or {}) if isinstance(said, Mapping) else {}
        text = re.sub(r"\bparams\.(\w+)", r"_p_\1", source.strip().removeprefix("return ").rstrip("; "))
        text = re.sub(r"\bMath\.(\w+)", r"\1", text)
        text = text.replace("&&", " and ").replace("||", " or ")
        text = re.sub(r"(?<![\w.])([A-Za-z]\w*)(?!\w|\s*\()", lambda found: _variable(found[1]), text)
        text = re.sub(r"(\d)[dDfFlL]\b", r"\1", text)
        try:
            self._tree = ast.parse(text, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise _refused(source) from None

    def __call__(self, values: Mapping[str, float]) -> float | None:
        """Return what comes of it; None if it is no number."""
        try:
            found = self._value(self._tree, {**self._given, **values})
        except (ZeroDivisionError, ValueError, OverflowError, RecursionError, TypeError):
            return None
        return float(found) if isinstance(found, int | float) and math.isfinite(found) else None

    def _value(self, node: ast.AST, values: Mapping[str, Any]) -> Any:
        match node:
            case ast.Constant(value=int() | float() as number):
                return number
            case ast.Name(id=name) if name.startswith("_p_"):
                if name[3:] not in values:
                    raise _refused(self._source)
                return values[name[3:]]
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return _divided(self._value(left, values), self._value(right, values))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                return _BINARY[type(op)](self._value(left, values), self._value(right, values))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self._value(operand, values)
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARED:
                return _COMPARED[type(op)](self._value(left, values), self._value(right, values))
            case ast.BoolOp(op=op, values=parts):
                found = (bool(self._value(part, values)) for part in parts)
                return all(found) if isinstance(op, ast.And) else any(found)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in _FUNCTIONS:
                return _FUNCTIONS[name](*(self._value(one, values) for one in arguments))
        raise _refused(self._source)


def _variable(name: str) -> str:
    return name if name.startswith("_p_") or name in ("and", "or") else f"_p_{name}"


def _divided(left: float, right: float) -> float:
    return left / right if right else math.nan


def _refused(source: str) -> SearchFault:
    return SearchFault(
        "script_exception",
        f"compile error: cannot run [{source[:200]}]: firstlight runs scripts of arithmetic only; want params, numbers,"
        " + - * / %, comparisons, brackets and functions of Math",
    )
