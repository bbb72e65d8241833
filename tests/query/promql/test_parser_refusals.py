"""What is no PromQL is refused as Prometheus refuses it: the same words, at the same place."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from firstlight.errors import QueryError
from firstlight.query.promql.lexer import MOST_TOKENS
from firstlight.query.promql.parser import DEEPEST, LONGEST, MOST_NESTED, parse
from firstlight.query.promql.refusals import in_prometheus_words
from tests.query.promql.refused import EXPERIMENTAL, OF_ALL_VERSIONS, SINCE_3, SWITCHED_OFF

LIMITS = [
    # what                       query                                                 complaint
    ("parentheses",              "(" * 10_000 + "1" + ")" * 10_000,                    f"it stands in more than {MOST_NESTED} parentheses"),
    ("calls",                    "abs(" * 10_000 + "a" + ")" * 10_000,                 f"it stands in more than {MOST_NESTED} parentheses"),
    ("aggregations",             "sum(" * 10_000 + "a" + ")" * 10_000,                 f"it stands in more than {MOST_NESTED} parentheses"),
    ("a chain",                  "a" + " or a" * 10_000,                               f"it is nested more than {DEEPEST} levels deep"),
    ("a chain from the right",   "2" + " ^ 2" * 10_000,                                f"it is nested more than {DEEPEST} levels deep"),
    ("signs",                    "-" * 10_000 + "a",                                   f"it is nested more than {DEEPEST} levels deep"),
    ("subqueries",               "a" + "[5m:]" * 10_000,                               f"it is nested more than {DEEPEST} levels deep"),
    ("durations",                "a[" + "(" * 10_000 + "1" + ")" * 10_000 + "]",       "a duration is nested more than 50 levels deep"),
    ("a chain of durations",     "a[1" + "+ 1" * 10_000 + "]",                         "a duration is made of more than 50 parts"),
    ("signs of durations",       "a[" + "-" * 10_000 + "1]",                           "a duration is nested more than 50 levels deep"),
    ("labels of a selector",     "a{" + "b='c'," * 50_000 + "}",                       f"it has more than {MOST_TOKENS} words and marks"),
    ("an endless word",          "a" * 400_000 + "()",                                 'unknown function with name "aaa'),
    ("an endless number",        "1_" * 200_000,                                       'bad number or duration syntax: "1_1'),
    ("megabytes",                "a" * 1_000_000,                                      f"want at most {LONGEST}"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "query", "told"), OF_ALL_VERSIONS + SINCE_3, ids=[row[0] for row in OF_ALL_VERSIONS + SINCE_3]
)
def test_words_and_place(what: str, query: str, told: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(query)
    assert in_prometheus_words(caught.value) == told


@pytest.mark.parametrize(("what", "query", "told"), EXPERIMENTAL, ids=[row[0] for row in EXPERIMENTAL])
def test_words_and_place_of_what_is_experimental(what: str, query: str, told: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(query, experimental=True)
    assert in_prometheus_words(caught.value) == told


@pytest.mark.parametrize(("what", "query", "told"), SWITCHED_OFF, ids=[row[0] for row in SWITCHED_OFF])
def test_what_is_experimental_names_the_setting(what: str, query: str, told: str) -> None:
    with pytest.raises(QueryError, match=r"set promql\.experimental to true to use it") as caught:
        parse(query)
    assert caught.value.complaint.startswith(told)
    parse(query, experimental=True)


@pytest.mark.parametrize(("what", "query", "complaint"), LIMITS, ids=[row[0] for row in LIMITS])
def test_limit_is_said(what: str, query: str, complaint: str) -> None:
    with pytest.raises(QueryError, match=re.escape(complaint)) as caught:
        parse(query)
    assert len(str(caught.value)) < 1500


@pytest.mark.parametrize("deep", ["(" * 100 + "1" + ")" * 100, "a" + " or a" * 199, "sum(" * 100 + "a" + ")" * 100])
def test_what_is_within_the_limits_is_read(deep: str) -> None:
    parse(deep)


def test_people_are_shown_the_place() -> None:
    with pytest.raises(QueryError) as caught:
        parse("sum(\n  rate(up)\n)")
    assert str(caught.value) == (
        'PromQL, line 2, column 8: expected type range vector in call to function "rate", got instant vector\n'
        "    rate(up)\n"
        "         ^^"
    )


@pytest.mark.skipif(not shutil.which("promtool"), reason="there is no promtool here: apt-get install prometheus")
def test_debians_prometheus_says_the_same(tmp_path: Path) -> None:
    rules = "".join(f"  - record: r{at}\n    expr: {_quoted(row[1])}\n" for at, row in enumerate(OF_ALL_VERSIONS))
    (tmp_path / "rules.yml").write_text(f"groups:\n- name: g\n  rules:\n{rules}")

    done = subprocess.run(
        ["promtool", "check", "rules", str(tmp_path / "rules.yml")], capture_output=True, text=True, check=False
    )

    told = dict(re.findall(r'"r(\d+)": could not parse expression: (.*)', done.stderr + done.stdout))
    assert [told[str(at)] for at in range(len(OF_ALL_VERSIONS))] == [row[2] for row in OF_ALL_VERSIONS]


def _quoted(query: str) -> str:
    return '"' + query.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
