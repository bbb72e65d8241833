"""Laws of the parser: what is printed is read as the same; no text makes it fail other than with a QueryError."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from firstlight.errors import QueryError
from firstlight.query.promql.parser import parse
from firstlight.query.promql.pretty import format_query
from firstlight.query.promql.printer import to_text
from firstlight.query.promql.refusals import in_prometheus_words
from firstlight.query.promql.syntax_json import to_json

names = st.sampled_from(["a", "b:c", "sum", "offset", "fill", "start", "by", "rate"])
labels = st.sampled_from(["x", "on", '"l.y"', "bool"])
strings = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufffd"), max_size=5).map(
    lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
)
matchers = st.lists(
    st.builds("{}{}{}".format, st.sampled_from(["x", '"l.y"']), st.sampled_from(["=", "!="]), strings), max_size=3
).map(",".join)
durations = st.sampled_from(["5m", "90", "1h30m", "(2 * step())", "min_of(1m, range())", "0.5"])
modifiers = st.sampled_from(
    ["", " offset 5m", " offset -step()", " @ 1.5", " @ end() offset 1h", " offset 2 @ start()"]
)
selectors = st.builds("{}{{{}}}".format, names, matchers)
instants = st.builds("{}{}".format, selectors, modifiers)
ranges = st.builds("{}[{}]{}".format, selectors, durations, modifiers)
operators = st.sampled_from(
    ["+", "*", "^", "- on(x)", "> bool ignoring(x) group_left()", "and", "or on()", "atan2", "</"]
)


def grown(vectors: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return what can be made of instant vectors."""
    grouped = st.builds("{} by ({}, x) ({})".format, st.sampled_from(["sum", "avg"]), labels, vectors)
    return st.one_of(
        st.builds("{} {} {}".format, vectors, operators, vectors),
        st.builds("({})".format, vectors),
        st.builds("-{}".format, vectors),
        st.builds("round({}, {})".format, vectors, st.sampled_from(["5", "-0x1f", "pi()", "1e3"])),
        st.builds("topk(3, {}) without ({})".format, vectors, labels),
        st.builds("max_over_time(({})[{}:{}]{})".format, vectors, durations, durations, modifiers),
        st.builds("label_join({}, {}, {})".format, vectors, strings, strings),
        grouped,
    )


queries = st.recursive(st.one_of(instants, st.builds("rate({})".format, ranges)), grown, max_leaves=8)
pieces = [
    "a",
    "sum",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "5m",
    "1e",
    "0x",
    "'",
    '"',
    "`",
    "\\",
    "#",
    "\n",
    " ",
    "=~",
    "!",
    "@",
    "offset",
    "by",
    "+",
    "-",
    "^",
    "step",
    "fill(",
    "ü",
    "\x00",
    "\ud800",
    "_",
    ".",
]


def refused(text: str) -> str | None:
    """Return what is said of `text`; None if it is read."""
    try:
        parse(text, experimental=True)
    except QueryError as error:
        return f"{in_prometheus_words(error)}\n{error}"
    return None


@given(queries)
def test_what_is_printed_is_read_as_the_same(query: str) -> None:
    expr = parse(query)
    printed = to_text(expr)

    assert to_text(parse(printed)) == printed
    assert to_text(parse(format_query(expr))) == printed
    assert to_json(parse(printed))["type"] == to_json(expr)["type"]


@given(st.one_of(st.lists(st.sampled_from(pieces), max_size=30).map("".join), st.text(max_size=30)))
def test_no_text_breaks_it(text: str) -> None:
    told = refused(text)
    assert told is None or " parse error: " in told
