"""Conditions on the words of texts: some or all of them, one after the other, or of a pattern.

A word is first looked for anywhere in the text, which is fast; only what has it is taken apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from firstlight.model.elastic.fields import Field, Kind
from firstlight.query.elastic.ast import Phrase
from firstlight.query.elastic.faults import illegal
from firstlight.query.elastic.scope import Scope
from firstlight.query.elastic.values import all_texts, all_words, any_value, present, words_of
from firstlight.query.elastic.words import word_regex

MAX_PATTERN: Final = 1_000

_PLAIN: Final = re.compile(r"[a-z0-9_.]*[a-z0-9_]")


def match_words(
    scope: Scope,
    found: Field | None,
    found_words: Sequence[str],
    *,
    wanted: int = 1,
    all_of: bool = False,
    prefix: bool = False,
    whole: bool = False,
) -> str:
    """Return the condition that a field, or any if it is None, has `wanted` of some words; the last may be a prefix.

    `whole` says that a word is one as it is, even if it is none that a text could have.
    """
    if found is not None:
        whole_text = scope.text(found)
        listed = all_words(scope, found)
        parts = []
        for number, word in enumerate(found_words):
            bound = scope.binder(word)
            last = prefix and number == len(found_words) - 1
            if _PLAIN.fullmatch(word) and not last and not found.many:
                # One pass over the text is several times faster than to take it apart.
                parts.append(f"({_contains(whole_text, word, bound)} AND match({whole_text}, {_regex(scope, word)}))")
                continue
            holds = f"arrayExists(w -> startsWith(w, {bound}), {listed})" if last else f"has({listed}, {bound})"
            # The words of an array's text are those of its values but for escapes, which change no letter of ASCII.
            parts.append(f"({_contains(whole_text, word, bound)} AND {holds})" if word.isascii() else f"({holds})")
    else:
        texts = all_texts(scope)
        parts = []
        for word in found_words:
            bound = scope.binder(word)
            inner = f"{_contains('x', word, bound)} AND has({words_of(scope, 'x')}, {bound})"
            parts.append(f"arrayExists(x -> {inner}, {texts})")
    if all_of or wanted >= len(parts):
        return " AND ".join(parts)
    if wanted <= 1:
        return f"({' OR '.join(parts)})"
    return f"({' + '.join(f'toUInt8({one})' for one in parts)}) >= {wanted}"


def _regex(scope: Scope, word: str) -> str:
    return scope.binder(word_regex(word))


def _contains(text: str, word: str, bound: str) -> str:
    function = "positionCaseInsensitive" if word.isascii() else "positionCaseInsensitiveUTF8"
    return f"{function}({text}, {bound}) > 0"


def phrase(scope: Scope, found: Field | None, found_words: Sequence[str], query: Phrase) -> str:
    """Return the condition that a field, or any, has some words one after the other."""
    if not found_words:
        return "0"
    if query.prefix and len(found_words) == 1 and query.expansions is not None and found is not None:
        return _expanded(scope, found, found_words[0], query.expansions)
    if len(found_words) == 1 and not query.prefix:
        return match_words(scope, found, found_words)
    first = scope.binder(max(found_words[:-1] or found_words, key=len))
    joined_pattern = _joined(found_words, query.slop, prefix=query.prefix)
    pattern = scope.binder(joined_pattern)
    listed = scope.binder(list(found_words), "Array(String)")

    def holds(text: str) -> str:
        own = words_of(scope, text)
        if query.slop == 0 and not query.prefix:
            inside = f"hasSubstr({own}, {listed})"
        else:
            inside = f"match(arrayStringConcat({own}, ' '), {pattern})"
        return f"(positionCaseInsensitiveUTF8({text}, {first}) > 0 AND {inside})"

    if found is None:
        return f"arrayExists(x -> {holds('x')}, {all_texts(scope)})"
    return any_value(scope, found, holds)


def _joined(found_words: Sequence[str], slop: int, *, prefix: bool) -> str:
    between = f"(?: [^ ]+){{0,{min(slop, 100)}}} " if slop else " "
    pattern = between.join(re.escape(word) for word in found_words)
    return f"(?:^| ){pattern}" if prefix else f"(?:^| ){pattern}(?: |$)"


def _expanded(scope: Scope, found: Field, word: str, count: int) -> str:
    """Return the condition that a field has one of the first `count` words that begin as `word` does."""
    bound, listed = scope.binder(word), all_words(scope, found)
    named = f"SELECT DISTINCT arrayJoin(arrayFilter(w -> startsWith(w, {bound}), {listed})) AS w FROM log_records"
    first = f"{named} WHERE {scope.condition()} ORDER BY w LIMIT {scope.binder(count, 'UInt32')}"
    return f"hasAny({listed}, (SELECT groupArray(w) FROM ({first})))"


def pattern_condition(scope: Scope, found: Field | None, kind: str, pattern: str, *, ignore_case: bool) -> str:
    """Return the condition that a value of a field, or a word if it is a text, is what a pattern means."""
    if len(pattern) > MAX_PATTERN:
        raise illegal(f"The length of regex [{len(pattern)}] used in the {kind} query is too long; want {MAX_PATTERN}")
    as_regex = regex_of(kind, pattern)
    if kind == "wildcard" and set(pattern) == {"*"} and found is not None:
        return present(scope, found)
    flags = "(?is)" if ignore_case else "(?s)"
    bound = scope.binder(f"{flags}^(?:{as_regex})$")
    literal = _literal(kind, pattern)
    if found is not None and found.kind is not Kind.TEXT:
        if kind == "prefix" and not ignore_case:
            start = scope.binder(pattern)
            return any_value(scope, found, lambda text: f"startsWith({text}, {start})")
        holds = any_value(scope, found, lambda text: f"match({text}, {bound})")
        return f"({holds}) AND ({present(scope, found)})"
    inner = f"arrayExists(w -> match(w, {bound}), {{words}})"
    if literal:
        inner = f"(positionCaseInsensitiveUTF8({{text}}, {scope.binder(literal)}) > 0 AND {inner})"
    if found is None:
        holds = inner.replace("{text}", "x").replace("{words}", words_of(scope, "x"))
        return f"arrayExists(x -> {holds}, {all_texts(scope)})"
    return any_value(scope, found, lambda text: inner.replace("{text}", text).replace("{words}", words_of(scope, text)))


def _literal(kind: str, pattern: str) -> str:
    """Return the longest part of a pattern that stands for itself."""
    if kind == "prefix":
        return pattern
    if kind == "wildcard":
        return max(re.split(r"[*?\\]", pattern), key=len)
    return ""


def regex_of(kind: str, pattern: str) -> str:
    r"""Return a pattern as a regular expression of the engine.

    >>> regex_of("wildcard", "a*.b?"), regex_of("regexp", "red$")
    ('a.*\\.b.', 'red\\$')
    """
    if kind == "prefix":
        return f"{re.escape(pattern)}.*"
    if kind == "wildcard":
        found = re.findall(r"\\(.)|([*?])|([^*?\\]+|\\$)", pattern, re.DOTALL)
        return "".join(
            {"*": ".*", "?": "."}[mark] if mark else re.escape(escaped or plain) for escaped, mark, plain in found
        )
    return _lucene_regex(pattern)


_LUCENE: Final = re.compile(r"\\(.)|(\[(?:\\.|[^\]\\])*\])|(\"(?:[^\"\\]|\\.)*\")|(<\d+-\d+>)|([@#&~^$])", re.DOTALL)


def _lucene_regex(pattern: str) -> str:
    """Return a regular expression of Lucene, in which the anchors stand for themselves."""

    def one(found: re.Match[str]) -> str:
        escaped, group, quoted, interval, mark = found.groups()
        if escaped is not None:
            return found[0] if escaped in "dDwWsS" else re.escape(escaped)
        if group is not None:
            return group
        if quoted is not None:
            return re.escape(quoted[1:-1])
        if interval is not None:
            low, high = map(int, interval[1:-1].split("-"))
            if high - low > MAX_PATTERN:
                raise illegal(f"cannot answer: the interval {interval} of a regular expression is too wide")
            return f"(?:{'|'.join(map(str, range(low, high + 1)))})"
        if mark == "@":
            return ".*"
        if mark == "#":
            return "[^\\s\\S]"
        if mark in "&~":
            raise illegal(f"cannot answer: firstlight has no operator {mark} in regular expressions")
        return f"\\{mark}"

    changed = _LUCENE.sub(one, pattern)
    try:
        re.compile(changed)
    except re.error as error:
        raise illegal(f"failed to parse the regular expression [{pattern[:100]}]: {error}") from None
    return changed
