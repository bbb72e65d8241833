"""The syntax tree of a template. `str` of a node is how Go prints it: errors of the execution show it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Text:
    """What is written as it is."""

    place: int
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Dot:
    """`.`: what the template is about here."""

    place: int

    def __str__(self) -> str:
        return "."


@dataclass(frozen=True, slots=True)
class Nil:
    """`nil`."""

    place: int

    def __str__(self) -> str:
        return "nil"


@dataclass(frozen=True, slots=True)
class Bool:
    """`true` or `false`."""

    place: int
    value: bool

    def __str__(self) -> str:
        return "true" if self.value else "false"


@dataclass(frozen=True, slots=True)
class Number:
    """A number, by all the types that its text may be of."""

    place: int
    text: str
    integer: int | None
    floating: float | None
    imaginary: complex | None = None

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class String:
    """A text in quotation marks, as written and as meant."""

    place: int
    written: str
    value: str

    def __str__(self) -> str:
        return self.written


@dataclass(frozen=True, slots=True)
class Field:
    """`.a.b`: members of what the template is about."""

    place: int
    names: tuple[str, ...]

    def __str__(self) -> str:
        return "".join(f".{name}" for name in self.names)


@dataclass(frozen=True, slots=True)
class Variable:
    """`$x.a.b`; `slot` is where its value is kept."""

    place: int
    name: str
    slot: int
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ".".join((self.name, *self.names))


@dataclass(frozen=True, slots=True)
class Identifier:
    """The name of a function."""

    place: int
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Chain:
    """`(…).a.b`: members of what parentheses or a function give."""

    place: int
    node: Pipe | Identifier
    names: tuple[str, ...]

    def __str__(self) -> str:
        inner = f"({self.node})" if isinstance(self.node, Pipe) else str(self.node)
        return inner + "".join(f".{name}" for name in self.names)


@dataclass(frozen=True, slots=True)
class Command:
    """An operand, or a function and what it is called with."""

    place: int
    words: tuple[Operand, ...]

    def __str__(self) -> str:
        return " ".join(f"({word})" if isinstance(word, Pipe) else str(word) for word in self.words)


@dataclass(frozen=True, slots=True)
class Pipe:
    """Commands, each called with what the one before gave; the last one's value may be kept in variables."""

    place: int
    commands: tuple[Command, ...]
    variables: tuple[Variable, ...] = ()
    assigns: bool = False

    def __str__(self) -> str:
        commands = " | ".join(map(str, self.commands))
        if not self.variables:
            return commands
        return f"{', '.join(map(str, self.variables))} {'=' if self.assigns else ':='} {commands}"


Operand: TypeAlias = Dot | Nil | Bool | Number | String | Field | Variable | Identifier | Chain | Pipe


@dataclass(frozen=True, slots=True)
class Action:
    """`{{…}}`: what is written is the value of the pipeline."""

    place: int
    pipe: Pipe

    def __str__(self) -> str:
        return f"{{{{{self.pipe}}}}}"


@dataclass(frozen=True, slots=True)
class Branch:
    """`{{if …}}`, `{{with …}}` or `{{range …}}`."""

    place: int
    word: str
    pipe: Pipe
    body: Body
    otherwise: Body | None

    def __str__(self) -> str:
        other = "" if self.otherwise is None else f"{{{{else}}}}{self.otherwise}"
        return f"{{{{{self.word} {self.pipe}}}}}{self.body}{other}{{{{end}}}}"


@dataclass(frozen=True, slots=True)
class Jump:
    """`{{break}}` or `{{continue}}`."""

    place: int
    word: str

    def __str__(self) -> str:
        return f"{{{{{self.word}}}}}"


@dataclass(frozen=True, slots=True)
class Call:
    """`{{template "name" …}}`."""

    place: int
    name: str
    written: str
    pipe: Pipe | None

    def __str__(self) -> str:
        argument = "" if self.pipe is None else f" {self.pipe}"
        return f"{{{{template {self.written}{argument}}}}}"


Node: TypeAlias = Text | Action | Branch | Jump | Call


@dataclass(frozen=True, slots=True)
class Body:
    """Nodes one after the other."""

    nodes: tuple[Node, ...]

    def __str__(self) -> str:
        return "".join(map(str, self.nodes))

    @property
    def is_empty(self) -> bool:
        """Whether it writes nothing but space."""
        return all(isinstance(node, Text) and not node.text.strip() for node in self.nodes)


@dataclass(frozen=True, slots=True)
class Definition:
    """A template by its name: its nodes, and how many variables it has at once."""

    name: str
    body: Body
    slots: int


@dataclass(frozen=True, slots=True)
class Tree:
    """A template's text, and the templates that it defines, itself among them."""

    name: str
    text: str
    definitions: dict[str, Definition] = field(default_factory=dict)

    def location(self, place: int) -> str:
        """Return where a node is, as errors of the execution say it: columns are bytes, counted from 0."""
        before = self.text[:place]
        column = len(before[before.rfind("\n") + 1 :].encode("utf-8", "surrogateescape"))
        return f"{self.name}:{1 + before.count(chr(10))}:{column}"
