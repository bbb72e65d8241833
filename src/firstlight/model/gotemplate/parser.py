"""Templates to their syntax trees, with Go's words for what is wrong."""

from __future__ import annotations

from collections.abc import Collection

from firstlight.model.gotemplate.cursor import DEEPEST, Scope
from firstlight.model.gotemplate.nodes import Action, Body, Branch, Call, Definition, Jump, Node, Text, Tree
from firstlight.model.gotemplate.pipelines import PipelineParser
from firstlight.model.gotemplate.quoting import quoted
from firstlight.model.gotemplate.tokens import Kind, Token


class _Stop:
    """`{{end}}` or `{{else}}`, which end a body; after `else` may come `if` or `with`."""

    def __init__(self, word: str, following: str = "") -> None:
        self.word = word
        self.following = following

    def __str__(self) -> str:
        return f"{{{{{self.word}}}}}"


def parse(name: str, text: str, functions: Collection[str]) -> Tree:
    """Return the syntax tree of a template; raise BadTemplate if it is none, or names a function there is not."""
    parser = _Parser(name, text, functions)
    parser.parse()
    return parser.tree


class _Parser(PipelineParser):
    def parse(self) -> None:
        nodes: list[Node] = []
        while self.peek().kind is not Kind.END:
            if self.peek().kind is Kind.LEFT:
                mark = self.at
                self.next()
                if self.next_word() == Token(
                    Kind.KEYWORD, self.tokens[self.at - 1].place, "define", self.tokens[self.at - 1].line
                ):
                    self.define()
                    continue
                self.at = mark
            node = self.text_or_action()
            if isinstance(node, _Stop):
                raise self.error(f"unexpected {node}")
            nodes.append(node)
        self.add(self.name, Body(tuple(nodes)), self.scope)

    def add(self, name: str, body: Body, scope: Scope) -> None:
        known = self.tree.definitions.get(name)
        if known is not None and not known.body.is_empty:
            if not body.is_empty:
                raise self.error(f"template: multiple definition of template {quoted(name)}")
            return
        self.tree.definitions[name] = Definition(name, body, scope.most)

    def define(self) -> None:
        context = "define clause"
        token = self.next_word()
        name = self.template_name(token, context)
        self.expect(Kind.RIGHT, context)
        self.separate(name, context)

    def separate(self, name: str, context: str) -> None:
        """Parse the body of a template within this one, which sees none of its variables."""
        outer, loops = self.scope, self.loops
        self.scope, self.loops = Scope(), 0
        body, stop = self.body()
        if stop.word != "end":
            raise self.error(f"unexpected {stop} in {context}")
        self.add(name, body, self.scope)
        self.scope, self.loops = outer, loops

    def template_name(self, token: Token, context: str) -> str:
        if token.kind not in (Kind.STRING, Kind.RAW_STRING):
            raise self.unexpected(token, context)
        return self.string(token)

    def body(self) -> tuple[Body, _Stop]:
        nodes: list[Node] = []
        while self.peek_word().kind is not Kind.END:
            node = self.text_or_action()
            if isinstance(node, _Stop):
                return Body(tuple(nodes)), node
            nodes.append(node)
        self.next()
        raise self.error("unexpected EOF")

    def text_or_action(self) -> Node | _Stop:
        token = self.next_word()
        if token.kind is Kind.TEXT:
            return Text(token.place, token.text)
        if token.kind is not Kind.LEFT:
            raise self.unexpected(token, "input")
        self.action_line = token.line
        node = self.action()
        self.action_line = 0
        return node

    def action(self) -> Node | _Stop:
        token = self.peek_word()
        if token.kind is Kind.KEYWORD and token.text != "nil":
            self.next()
            return self.keyword(token)
        return Action(token.place, self.pipeline("command", Kind.RIGHT))

    def keyword(self, token: Token) -> Node | _Stop:
        match token.text:
            case "if" | "with" | "range":
                return self.branch(token.text)
            case "break" | "continue":
                following = self.next_word()
                if following.kind is not Kind.RIGHT:
                    raise self.unexpected(following, f"{{{{{token.text}}}}}")
                if not self.loops:
                    raise self.error(f"{{{{{token.text}}}}} outside {{{{range}}}}")
                return Jump(token.place, token.text)
            case "end":
                self.expect(Kind.RIGHT, "end")
                return _Stop("end")
            case "else":
                following = self.peek_word()
                if following.kind is Kind.KEYWORD and following.text in ("if", "with"):
                    return _Stop("else", following.text)
                self.expect(Kind.RIGHT, "else")
                return _Stop("else")
            case "template":
                return self.call("template clause")
            case "block":
                return self.block()
        raise self.unexpected(token, "command")

    def call(self, context: str) -> Call:
        token = self.next_word()
        name = self.template_name(token, context)
        pipe = None
        if self.peek_word().kind is Kind.RIGHT:
            self.next()
        else:
            pipe = self.pipeline(context, Kind.RIGHT)
        return Call(token.place, name, quoted(name), pipe)

    def block(self) -> Call:
        context = "block clause"
        token = self.next_word()
        name = self.template_name(token, context)
        pipe = self.pipeline(context, Kind.RIGHT)
        self.separate(name, context)
        return Call(token.place, name, quoted(name), pipe)

    def branch(self, word: str) -> Branch:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.error("max expression depth exceeded")
        visible = len(self.scope.names)
        pipe = self.pipeline(word, Kind.RIGHT)
        self.loops += word == "range"
        body, stop = self.body()
        self.loops -= word == "range"
        otherwise = None
        if stop.word == "else":
            if stop.following and stop.following == word:
                self.next_word()
                otherwise = Body((self.branch(word),))
            else:
                otherwise, stop = self.body()
                if stop.word != "end":
                    raise self.error(f"expected end; found {stop}")
        del self.scope.names[visible:]
        self.depth -= 1
        return Branch(pipe.place, word, pipe, body, otherwise)
