"""Lucene's query syntax, as `query_string` has it: tokens to a query.

Law: <https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-query-string-query#query-string-syntax>.
AND and OR bind as in Lucene's classic parser, which knows no precedence: each makes its neighbours required or not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from firstlight.errors import QueryError, Span
from firstlight.query.elastic.ast import (
    Bool,
    Everything,
    Exists,
    Match,
    Nothing,
    Pattern,
    Phrase,
    Query,
    Range,
    any_of,
)
from firstlight.query.elastic.faults import SearchFault
from firstlight.query.elastic.lucene_lexer import (
    LuceneError,
    Mark,
    Token,
    bounds,
    comparison,
    has_wildcard,
    tokens,
    unescaped,
    unquoted,
)

MAX_TOKENS: Final = 4_096
MAX_DEPTH: Final = 50
LANGUAGE: Final = "Lucene"

Expand = Callable[[str], Sequence[str]]
"""Returns the fields that a name with wildcards means."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a query string is to be read."""

    fields: Sequence[str] = ("*",)
    and_by_default: bool = False
    minimum: str = ""
    phrase_slop: int = 0
    time_zone: str = ""
    leading_wildcard: bool = True
    lenient: bool = False
    expand: Expand = field(default=lambda name: [name])


def parse(text: str, manner: Manner | None = None) -> Query:
    """Return the query that a text is. Raise SearchFault, whose reason shows the place."""
    manner = manner or Manner()
    try:
        listed = tokens(text)
        if len(listed) > MAX_TOKENS:
            raise LuceneError(f"the query has more than {MAX_TOKENS} parts", listed[MAX_TOKENS].span)
        found = _Parser(listed, manner).whole()
    except LuceneError as error:
        shown = QueryError(str(error), query=text, span=error.span, language=LANGUAGE)
        reason = f"Failed to parse query [{text[:1000]}]"
        caused = {"type": "parse_exception", "reason": f"Cannot parse '{text[:1000]}': {shown}"}
        raise SearchFault("query_shard_exception", f"{reason}: {shown}", caused_by=caused) from None
    if manner.minimum and isinstance(found, Bool) and found.should:
        return Bool(found.must, found.should, found.must_not, manner.minimum)
    return found


class _Parser:
    def __init__(self, listed: Sequence[Token], manner: Manner) -> None:
        self._tokens = listed
        self._place = 0
        self._manner = manner

    def whole(self) -> Query:
        if len(self._tokens) == 1:
            return Nothing()
        found = self._clauses(self._manner.fields, 0)
        if self._place < len(self._tokens) - 1:
            raise LuceneError(f"{self._now.text or ')'} has no partner", self._now.span)
        return found

    @property
    def _now(self) -> Token:
        return self._tokens[self._place]

    def _take(self) -> Token:
        token = self._now
        self._place += 1
        return token

    def _ends_clause(self) -> bool:
        return self._now.mark in (Mark.END, Mark.CLOSE, Mark.AND, Mark.OR)

    def _closes(self) -> bool:
        return self._take().mark is Mark.CLOSE

    def _clauses(self, fields: Sequence[str], depth: int) -> Query:
        if depth > MAX_DEPTH:
            raise LuceneError(f"groups are nested deeper than {MAX_DEPTH}", self._now.span)
        clauses: list[tuple[str, Query]] = []
        by_default = "must" if self._manner.and_by_default else "should"
        while self._now.mark not in (Mark.END, Mark.CLOSE):
            joint = self._joint(clauses)
            occur = by_default if joint is None or joint is Mark.NOT else "must" if joint is Mark.AND else "should"
            if joint is Mark.AND and clauses and clauses[-1][0] == "should":
                clauses[-1] = ("must", clauses[-1][1])
            if joint is Mark.OR and self._manner.and_by_default and clauses and clauses[-1][0] == "must":
                clauses[-1] = ("should", clauses[-1][1])
            while self._now.mark in (Mark.PLUS, Mark.MINUS, Mark.NOT):
                sign = self._take()
                occur = "must" if sign.mark is Mark.PLUS else "must_not"
            clauses.append((occur, self._clause(fields, depth)))
        if not clauses:
            raise LuceneError("nothing stands here; want something to search for", self._now.span)
        if len(clauses) == 1 and clauses[0][0] != "must_not":
            return clauses[0][1]
        chosen = {
            name: tuple(one for occur, one in clauses if occur == name) for name in ("must", "should", "must_not")
        }
        return Bool(chosen["must"], chosen["should"], chosen["must_not"])

    def _joint(self, before: Sequence[object]) -> Mark | None:
        if self._now.mark not in (Mark.AND, Mark.OR):
            return None
        token = self._take()
        if not before or self._ends_clause():
            raise LuceneError(f"{token.text} joins nothing; want something on both sides of it", token.span)
        return token.mark

    def _clause(self, fields: Sequence[str], depth: int) -> Query:
        token = self._take()
        if token.mark is Mark.FIELD:
            name = unescaped(token.text)
            if self._ends_clause():
                raise LuceneError(f"want what {name} is to be", token.span)
            if name == "_exists_":
                return self._boosted(Exists(unquoted(self._take().text)))
            if name == "*" and self._now.mark is Mark.TERM and self._now.text == "*":
                self._take()
                return self._boosted(Everything())
            fields = self._manner.expand(name) if "*" in name else [name]
            if not fields:
                self._clause(["*"], depth)
                return Nothing()
            token = self._take()
        if token.mark is Mark.OPEN:
            found = self._clauses(fields, depth + 1)
            if not self._closes():
                raise LuceneError("( has no partner", token.span)
            return self._boosted(found)
        return self._boosted(
            any_of(
                [self._leaf(token, name, fields) for name in fields],
            ),
            token,
        )

    def _boosted(self, found: Query, token: Token | None = None) -> Query:
        """Return a query with what stands behind it taken into account: fuzziness, slop; boosts change no answer."""
        while self._now.mark in (Mark.BOOST, Mark.FUZZY):
            mark = self._take()
            if mark.mark is Mark.FUZZY and token is not None:
                found = _loosened(found, mark.text)
        return found

    def _leaf(self, token: Token, name: str, fields: Sequence[str]) -> Query:
        match token.mark:
            case Mark.PHRASE:
                return Phrase(name, unescaped(token.text), self._manner.phrase_slop)
            case Mark.REGEX:
                return Pattern(name, "regexp", token.text.replace("\\/", "/"))
            case Mark.RANGE:
                low, high, low_open, high_open = bounds(token.text)
                return Range(
                    name,
                    None if low == "*" else low,
                    None if high == "*" else high,
                    low_open,
                    high_open,
                    time_zone=self._manner.time_zone,
                )
            case Mark.COMPARE:
                sign, value = comparison(token.text)
                is_open = len(sign) == 1
                if sign[0] == ">":
                    return Range(name, low=value, low_open=is_open, time_zone=self._manner.time_zone)
                return Range(name, high=value, high_open=is_open, time_zone=self._manner.time_zone)
            case Mark.TERM:
                return self._term(token, name, fields)
        raise LuceneError(f"{token.text or 'the end'} is not expected here", _at(token))

    def _term(self, token: Token, name: str, fields: Sequence[str]) -> Query:
        text = token.text
        if not has_wildcard(text):
            lenient = self._manner.lenient or len(fields) > 1
            return Match(name, unescaped(text), all=self._manner.and_by_default, lenient=lenient)
        if text == "*":
            return Everything() if name == "*" else Exists(name)
        if text[0] in "*?" and not self._manner.leading_wildcard:
            raise LuceneError("'*' or '?' not allowed as first character in WildcardQuery", token.span)
        # What a text is made of is in lower case; a keyword is compared as it is.
        return Pattern(name, "wildcard", text) if name != "*" else Pattern(name, "wildcard", text.lower())


def _at(token: Token) -> Span:
    return token.span


def _loosened(found: Query, number: str) -> Query:
    match found:
        case Phrase():
            return Phrase(found.field, found.text, int(float(number or 0)))
        case Match():
            return Match(found.field, found.text, found.all, fuzzy=min(2, int(float(number))) if number else -1)
        case Bool():
            return Bool(should=tuple(_loosened(one, number) for one in found.should), minimum=found.minimum)
    return found
