"""Templates as Go's `text/template` means them: read and compiled once, executed often.

What a program adds to the language are its functions; see <https://pkg.go.dev/text/template>.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from firstlight.model.gotemplate.builtins import BUILTINS
from firstlight.model.gotemplate.expressions import Expressions
from firstlight.model.gotemplate.nodes import Definition
from firstlight.model.gotemplate.parser import parse
from firstlight.model.gotemplate.quoting import quoted
from firstlight.model.gotemplate.running import ExecutionError, Run
from firstlight.model.gotemplate.statements import Compiled, Statements
from firstlight.model.gotemplate.values import Function, Missing


class Template:
    """A template with those that it defines."""

    def __init__(
        self, name: str, text: str, functions: Mapping[str, Function] | None = None, missing: Missing = "default"
    ) -> None:
        """Raise BadTemplate if `text` is none. `missing` is Go's option `missingkey`."""
        known = {**BUILTINS, **(functions or {})}
        self.name = name
        self._tree = parse(name, text, known)
        definitions = self._tree.definitions
        self._compiled = {one: Compiled(definition.slots) for one, definition in definitions.items()}
        for one, definition in definitions.items():
            expressions = Expressions(self._tree, one, known, missing)
            self._compiled[one].write = Statements(expressions, self._compiled).body(definition.body)

    @property
    def definition(self) -> Definition:
        """The syntax of the template itself."""
        return self._tree.definitions[self.name]

    def execute(self, data: Any, name: str | None = None) -> str:
        """Return what the template, or the one called `name` that it defines, writes of `data`.

        Raise ExecutionError if that cannot be.
        """
        compiled = self._compiled.get(self.name if name is None else name)
        if compiled is None:
            raise ExecutionError(
                f"template: no template {quoted(name or '')} associated with template {quoted(self.name)}"
            )
        run = Run(compiled.slots, data)
        compiled.write(run, data)
        return "".join(run.out)
