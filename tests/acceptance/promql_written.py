"""Queries of all that Prometheus 2.42 knows of the language, made of a few words each.

Left out is what it answers otherwise than Prometheus 3.14, the version that we are as:

- ranges with a sample exactly on their left edge, which 2.42 includes: the test asks at times where there is none;
- labels with names such as `a-b`, which 2.42 does not know, and `atan2` of metrics, after which it keeps the name;
- annotations, which 2.42 has none of, and the words of errors, of which only kind and status are compared;
- `holt_winters`, which 3.14 calls otherwise and has behind a flag;
- averages of infinite values, and functions of NaN that 2.42 treats otherwise (`quantile_over_time`, `sort`);
- `rate` of a counter that begins within the range: 3.14 extrapolates to zero less far. Counters begin before all ranges.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

SHORT, LONG = "3s", "6s"
COUNTERS = ("t_requests_total", 't_requests_total{code=~"4..|5.."}', "t_seconds_count", "t_wait_sum")
GAUGES = ("t_temperature", 't_temperature{floor!="0"}', "t_level", "t_steady", "t_job_running")
FEW = ("t_requests_total", "t_temperature", "t_level")

OF_COUNTERS = ("rate", "increase", "irate", "resets", "changes")
OF_GAUGES = ("delta", "idelta", "deriv", "changes")
OVER_TIME = ("avg", "min", "max", "sum", "count", "stddev", "stdvar", "last", "present")
OF_NUMBERS = (
    "abs", "ceil", "floor", "exp", "ln", "log2", "log10", "sqrt", "sgn", "sin", "cos", "tan", "asin", "acos", "atan",
    "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "deg", "rad",
)  # fmt: skip
OF_TIMES = ("day_of_month", "day_of_week", "day_of_year", "days_in_month", "hour", "minute", "month", "year")
SIMPLE = ("sum", "min", "max", "avg", "count", "group", "stddev", "stdvar")
GROUPED = ("", "by (job)", "by (route, code)", "without (instance, room)", "by ()", "without ()")
ARITHMETIC = ("+", "-", "*", "/", "%", "^")
COMPARED = ("==", "!=", ">", "<", ">=", "<=")

SELECTED = (
    "t_steady", '{__name__="t_level"}', '{__name__=~"t_(level|steady)"}', 't_requests_total{route="/buy"}',
    't_requests_total{route!="/buy",code=~"2.."}', 't_requests_total{code!~"2..|4.."}', 't_level{nothing=""}',
    't_level{side=~".+"}', 't_level{side=~".*",job="a"}', 't_temperature{room="Küche"}', 't_temperature{room=~"K.*"}',
    't_temperature{room=~"the \\"green\\" .*"}', r't_temperature{room="a\\b"}', "nothing", "up", 't_odd{kind="nan"}',
    't_odd{kind="inf"}', "t_info", '{job="b",__name__!~"t_(seconds|bytes|requests).*"}', "scrape_samples_scraped",
    "t_level offset 2s", "t_level offset -2s", "t_level @ {end}", "t_level @ {end} offset 1s", "t_level @ start()",
    "t_level @ end()", "t_job_running", "t_job_running offset 3s", "t_wait", 't_seconds_bucket{le="+Inf"}',
)  # fmt: skip

MATCHED = (
    "t_level + on (job, instance) group_left t_steady", "t_steady + on (job, instance) group_right t_level",
    "t_level * on (job, instance) group_left (version, zone) t_info", "t_level / ignoring (side) group_left t_steady",
    't_level{side="left"} - ignoring (side) t_level{side="right"}', "t_level and on (job) t_steady > 1",
    "t_level and t_level > 0", "t_level or t_steady", "t_level unless t_level > 0", "t_level unless on (job) t_job_running",
    "t_level > bool 0", "t_level > bool on (job, instance) group_left t_steady", "t_level > on (job, instance) group_left t_steady",
    "sum by (job) (t_level) / sum by (job) (t_steady)", "sum by (job) (t_level) == bool sum by (job) (t_steady)",
    't_seconds_sum / t_seconds_count', "t_seconds_count - ignoring () t_bytes_count",
    "1 - t_level", "-t_level", "+t_level", "-t_level ^ 2", "2 ^ 3 ^ 2", "(t_level + 1) * 2", "1 + 2 * 3 % 4",
    "t_requests_total > 1020 < 1050", "t_level == t_level", "t_odd == t_odd", "t_odd + t_odd", "t_level % 0", "t_level / 0", "sum by (job) (t_level) atan2 2", "2 atan2 sum(t_level)",
    "1 > bool 2", "NaN == bool NaN", "Inf - Inf", "0x1F + 1e3", "t_temperature > scalar(t_steady{{job='a'}})",
    "sum(rate(t_requests_total{{code=~'5..'}}[6s])) by (job) / sum(rate(t_requests_total[6s])) by (job)",
)  # fmt: skip

PICKED = (
    "topk(2, t_temperature)", "bottomk(2, t_temperature)", "topk by (job) (1, t_temperature)",
    "bottomk without (instance) (1, t_temperature)", "topk(0, t_level)", "topk(100, t_temperature)",
    "quantile(0.5, t_level)", "quantile by (job) (0.9, t_temperature)", "quantile(-1, t_level)", "quantile(2, t_level)",
    'count_values("value", t_steady)', 'count_values by (job) ("v", t_level)', 'count_values without (room) ("job", t_level)',
    "sum(topk(2, t_temperature))", "max by (job) (sum without (code) (rate(t_requests_total[6s])))",
    "sort(t_temperature)", "sort_desc(t_temperature)", "sort_desc(sum by (route) (t_requests_total))",
)  # fmt: skip

WORDED = (
    'label_replace(t_level, "half", "$1", "side", "(l|r).*")', 'label_replace(t_level, "side", "", "side", ".*")',
    'label_replace(t_level, "new", "x-${{1}}-y", "side", "(.*)")', 'label_replace(t_level, "a", "b", "nothing", "")',
    'label_replace(t_level, "a", "b", "side", "no")', 'label_join(t_level, "both", "-", "job", "side")',
    'label_join(t_level, "none", "-")', 'label_replace(t_level, "__name__", "renamed", "side", ".*")',
    'sum by (half) (label_replace(t_level, "half", "$1", "side", "(l|r).*"))', 'label_join(t_info, "job", "/", "job", "zone")',
    'label_replace(t_temperature, "first", "$1", "room", "(?s:(.).*)")',
)  # fmt: skip

CALLED = (
    "time()", "pi()", "vector(1)", "scalar(t_steady{{job='a'}})", "scalar(t_level)", "vector(scalar(t_level))",
    "timestamp(t_level)", "timestamp(t_level offset 2s)", "timestamp(t_level + 1)", "absent(t_level)", "absent(nothing)",
    'absent(nothing{{job="a",code=~"x"}})', "absent_over_time(nothing[3s])", "absent_over_time(t_job_running[1s])",
    'absent(sum(nothing{{job="a"}}))', "clamp(t_level, -1, 1)", "clamp_min(t_level, 0)", "clamp_max(t_level, 0)",
    "clamp(t_level, 1, -1)", "round(t_temperature)", "round(t_temperature, 0.25)", "round(t_temperature, 0)",
    "minute()", "hour(vector(1700000000))", "month(vector(1e9))", '"a text"', "42", "t_level[3s]", "t_requests_total[2s] offset 1s",
    "t_level[4s:1s]", "predict_linear(t_temperature[6s], 60)", "predict_linear(t_requests_total[6s], -60)",
    "quantile_over_time(0.5, t_level[6s])", "quantile_over_time(1.5, t_level[6s])", "quantile_over_time(0.9, t_temperature[3s])",
)  # fmt: skip

QUANTILES = (
    "histogram_quantile({q}, t_seconds_bucket)", "histogram_quantile({q}, rate(t_seconds_bucket[6s]))",
    "histogram_quantile({q}, sum by (le) (rate(t_seconds_bucket[6s])))",
    "histogram_quantile({q}, sum by (le, job, route) (rate(t_bytes_bucket[6s])))",
    "histogram_quantile({q}, t_level)",
)  # fmt: skip

NESTED = (
    "max_over_time(rate(t_requests_total[3s])[4s:1s])", "avg_over_time(t_level[4s:1s])", "sum_over_time(t_level[4s:500ms] offset 1s)",
    "rate(sum by (job) (t_requests_total)[6s:1s])", "min_over_time(sum(t_level)[5s:1s])", "count_over_time(t_job_running[6s:1s])",
    "max_over_time(deriv(t_temperature[3s])[4s:1s])", "last_over_time((t_level > 0)[5s:1s])", "max_over_time(t_level[4s:1s] @ {end})",
    "sum_over_time(vector(1)[5s:1s])", "avg_over_time(avg_over_time(t_level[1500ms:1s])[4s:2s])", "rate(t_requests_total[6s] @ {end})",
    "increase(t_requests_total[3s] offset 2s)", "max_over_time((time() - timestamp(t_level))[3s:1s])",
)  # fmt: skip

WRONG = (
    "t_level +", "rate(t_level)", "sum(t_level[3s])", "nothing_of_this_name(t_level)", "t_level{{", "", "t_level[0s]", 't_level{{side=~"("}}',
    '{{side=""}}', "t_level + on (job) t_level", "t_level + on (job) group_left t_level", "t_level * on (job) group_left (job) t_steady",
    'label_replace(t_level, "", "x", "side", ".*")', 'label_replace(t_level, "side", "x", "side", ".*")', "clamp(t_level, 1)", "1 == 2",
    "t_level and 1", "t_level > bool", 'count_values("", t_level)', "-'text'", "t_level offset x", "rate({{__name__=~'t_level|t_steady'}}[3s])",
    "abs({{__name__=~'t_wait_sum|t_wait_count'}})", 'label_replace(t_level, "a", "b", "side", "(")', "t_level @ t_level", "topk(t_level, t_level)",
)  # fmt: skip


def groups(end: str) -> Mapping[str, Sequence[str]]:
    """Return the queries by what they show. `end` is a time in seconds at which there are samples."""
    return {name: [_filled(query, end) for query in queries] for name, queries in _groups().items()}


def _groups() -> Mapping[str, Sequence[str]]:
    return {
        "selectors": SELECTED,
        "functions of counters": list(_over((*OF_COUNTERS,), COUNTERS)),
        "functions of gauges": list(_over((*OF_GAUGES,), GAUGES)),
        "functions over time": list(_over([f"{name}_over_time" for name in OVER_TIME], (*GAUGES, "t_requests_total"))),
        "functions of numbers": [f"{name}({vector})" for name, vector in product(OF_NUMBERS, ("t_level", "t_temperature"))],
        "functions of times": [f"{name}({arg})" for name, arg in product(OF_TIMES, ("", "timestamp(t_level)"))],
        "other functions": CALLED,
        "labels": WORDED,
        "histograms": [text.replace("{q}", q) for text, q in product(QUANTILES, ("0.5", "0.99", "0", "1", "-1", "2", "NaN"))],
        "aggregations": [f"{name} {how} ({vector})" for name, how, vector in product(SIMPLE, GROUPED, FEW)],
        "aggregations with a parameter": PICKED,
        "arithmetic": [f"t_level {op} {right}" for op, right in product(ARITHMETIC, ("2", "t_level", "-1.5"))],
        "comparisons": [f"t_level {op} {right}" for op, right in product(COMPARED, ("1", "bool 1", "t_level", "bool t_level"))],
        "matching": MATCHED,
        "subqueries": NESTED,
        "what is wrong": WRONG,
    }  # fmt: skip


def _over(functions: Sequence[str], vectors: Sequence[str]) -> Iterator[str]:
    for name, vector, window in product(functions, vectors, (SHORT, LONG)):
        yield f"{name}({vector}[{window}])"


def _filled(query: str, end: str) -> str:
    return query.replace("{end}", end).replace("{{", "{").replace("}}", "}")
