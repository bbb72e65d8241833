"""Queries for hypothesis: every construct of the language, over what corpora have."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

Texts = st.SearchStrategy[str]


def joined(*parts: Texts | str) -> Texts:
    """Return texts one after the other."""
    return st.tuples(*(st.just(part) if isinstance(part, str) else part for part in parts)).map("".join)


def one_of(*texts: str) -> Texts:
    """Return one of several texts."""
    return st.sampled_from(texts)


selectors = one_of(
    '{app="a"}',
    '{app=~"a|b"}',
    '{app=~".+"}',
    '{env="p", app!="b"}',
    '{app=~"a|b|c", env!~"q.*"}',
    '{app=~".+", level=""}',
    '{app="nobody"}',
)

line_filters = one_of(
    '|= "o"',
    '|= "error" or "warn" or "done"',
    '!= "200"',
    '!= "done" or "404"',
    "|~ `status=\\d+`",
    '|~ "(?i)ERROR|found"',
    "!~ `msg.*hi`",
    "|> `<_>level=<_>`",
    "|> `<_> <_>` or `<_>{<_>}`",
    "!> `{<_>}`",
    '|= ip("10.0.0.0/8")',
    '!= ip("192.168.0.0-192.168.255.255")',
    '|= ip("2001:db8::/32")',
)

parsers = one_of(
    "| json",
    '| json id="user.id", status, second="list[1]", whole="user"',
    '| json tag="user.tags[0]", none="a.b.c", gone',
    "| logfmt",
    "| logfmt --keep-empty",
    "| logfmt --strict",
    '| logfmt said="msg", status',
    '| pattern `<ip> - [<level>] "<_>" <status>`',
    "| pattern `<_> - [<who>] <rest>`",
    '| regexp `status["=:]+(?P<status>\\w+)`',
    "| regexp `(?P<first>\\w+)(?P<app>=)?`",
    "| unpack",
    "| decolorize",
)

comparisons = one_of(
    'level="info"',
    'level!=""',
    'level=~"warn|err.*"',
    'msg!~".*found"',
    "status>=404",
    "status<500",
    "status==200",
    "n!=1",
    "n>-5",
    "dur>1s",
    "dur<=1m30s",
    "dur!=10ms",
    "size>2KB",
    "size<=1.5MB",
    'ip=ip("10.0.0.0/8")',
    'ip!=ip("192.168.1.5")',
    'trace="m1"',
    "weight>1",
    'missing=""',
    'missing="x"',
    'env=~"p|metadata"',
    '__error__=""',
    '__error__!="JSONParserErr"',
)
label_filters = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        joined(inner, st.sampled_from([" and ", " or ", ", ", " "]), inner),
        joined("(", inner, st.sampled_from([" or ", " and "]), inner, ")"),
    ),
    max_leaves=4,
).map(lambda text: f"| {text}")

formats = one_of(
    '| line_format "{{.level}}: {{.msg}}"',
    '| line_format `{{ if eq .level "error" }}E {{ end }}{{ __line__ }}`',
    '| line_format `{{ .msg | upper | trunc 4 }} {{ .status | default "-" }}`',
    "| line_format `{{ .trace }}`",
    '| label_format was=level, both="{{.app}}-{{.status}}"',
    "| label_format app=msg",
    "| label_format level=`{{ ToUpper .level }}`",
    "| label_format length=`{{ len .msg }}`, msg=status",
)
picks = one_of(
    # A matcher comes last, for `!=` after a name would be one.
    '| drop level, x="y"',
    '| drop env, msg="done"',
    '| drop __error__, __error_details__, x="y"',
    '| drop status, trace=~"m."',
    '| keep app, level, status, x="y"',
    '| keep env, trace, level="info"',
)

stages = st.lists(st.one_of(line_filters, parsers, parsers, label_filters, formats, picks), max_size=4).map(
    lambda several: "".join(f" {stage}" for stage in several)
)
log_queries = joined(selectors, stages)

LENGTHS: Final = ("[1m]", "[150s]", "[5m]", "[10m]")
offsets = one_of("", "", " offset 1m", " offset -30s")
ranges = joined(one_of(*LENGTHS), offsets)
no_errors = one_of("", ' | __error__=""', ' | __error__=""', " | drop __error__, __error_details__")
groups = one_of("", " by (app)", " by (level, status)", " by ()", " without (env, msg)", " by (missing, trace)")

counted = st.builds(
    "{}({}{}{} {})".format,
    one_of("count_over_time", "rate", "bytes_over_time", "bytes_rate", "absent_over_time"),
    selectors,
    stages,
    no_errors,
    ranges,
)
labels_with_numbers = one_of(
    "status", "n", "dur", "duration(dur)", "duration_seconds(dur)", "bytes(size)", "weight", "count"
)
after_unwrap = one_of("", ' | __error__=""', ' | __error__=""', ' | __error__="" | level!="error"')
unwrapped = st.builds(
    "{}{} | unwrap {}{} {})".format,
    selectors,
    stages,
    labels_with_numbers,
    after_unwrap,
    ranges,
)
measured = st.one_of(
    joined(one_of("sum_over_time(", "rate(", "rate_counter("), unwrapped),
    joined(one_of(*(f"{name}_over_time(" for name in ("avg", "max", "min", "stddev", "stdvar", "first", "last"))), unwrapped, groups),
    joined(one_of("quantile_over_time(0.5,", "quantile_over_time(0.99,", "quantile_over_time(0,"), unwrapped, groups),
)  # fmt: skip
range_aggregates = st.one_of(counted, measured)

AGGREGATIONS: Final = ("sum", "avg", "max", "min", "count", "stddev", "stdvar", "sum", "sum")
aggregates = st.one_of(
    joined(one_of(*AGGREGATIONS), groups, " (", range_aggregates, ")"),
    joined(one_of("topk", "bottomk"), one_of("", " by (app)", " without (msg)"), "(2, ", range_aggregates, ")"),
    joined(one_of("sort(", "sort_desc("), range_aggregates, ")"),
)
simple = joined(
    one_of("sum", "max", "count"),
    one_of(" by (app)", " by (app, env)"),
    " (",
    st.builds("{}({} {})".format, one_of("count_over_time", "rate", "bytes_over_time"), selectors, ranges),
    ")",
)
numbers = one_of("1", "0", "2.5", "-3", "100")
operators = one_of("+", "-", "*", "/", "%", "^", "==", "!=", ">", ">=", "<", "<=", "> bool", "== bool")
matched = one_of("", " on (app)", " ignoring (env)", " on (app) group_left (env)", " on (app) group_right ()", " on ()")
binaries = st.one_of(
    joined("(", aggregates, ") ", operators, " ", numbers),
    joined(numbers, " ", operators, " (", aggregates, ")"),
    joined(simple, " ", operators, matched, " ", simple),
    joined(simple, " ", one_of("and", "or", "unless"), one_of("", " on (app)", " ignoring (env)"), " ", simple),
    joined(simple, " or vector(0)"),
    joined("vector(2) ", operators, " ", simple),
)
replaced = joined(
    "label_replace(",
    simple,
    ", ",
    one_of(
        '"copied", "$1-x", "app", "(.*)"',
        '"copied", "${all}", "env", "(?P<all>.)"',
        '"copied", "", "app", "a"',
        '"copied", "set", "missing", ""',
    ),
    ")",
)
variants = st.builds(
    "variants(count_over_time({0}{1} {2}), bytes_over_time({0}{1} {2})) of ({0}{1} {2})".format,
    selectors,
    line_filters.map(lambda text: f" {text}"),
    one_of(*LENGTHS),
)
metric_queries = st.one_of(range_aggregates, aggregates, aggregates, binaries, replaced, variants)
