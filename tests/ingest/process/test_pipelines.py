"""Pipelines: what each stage makes of lines, which lines they are for, and settings that cannot be: R4, L1."""

from __future__ import annotations

from typing import Any

import pytest

from firstlight.config.dump import dump
from firstlight.errors import ConfigError
from tests.ingest.process.trying import settings_of, time_of, tried

JSON = '{"level":"warn","user":{"id":7,"tags":["a","b"]},"m":"hi"}'
ACCESS = "192.0.2.7 GET /a 200"

STAGES = [
    # what, the stages, the lines, and of what comes out: what is asked for
    ("json", "[{json: {expressions: {id: user.id, tag: 'user.tags[1]', level: , no: nothing}}}]", JSON,
     "id=7 tag=b level=warn"),
    ("json of a value", "[{json: {expressions: {u: user}}}, {json: {expressions: {id: }, source: u}}]", JSON, "id=7"),
    ("json, not there", "[{json: {expressions: {a: }}}]", "words", ""),
    ("json, dropped if it is none", "[{json: {expressions: {a: }, drop_malformed: true}}]", "words", "dropped"),
    ("logfmt", "[{logfmt: {mapping: {who: user, n: }}}]", 'user="a b" n=1', 'who=a b n=1'),
    ("regex", r"[{regex: {expression: '(?P<ip>\S+) (?P<verb>\w+)'}}]", ACCESS, "ip=192.0.2.7 verb=GET"),
    ("regex of a value", r"[{regex: {expression: '(?P<b>.*)'}}, {regex: {expression: '^(?P<net>\d+)', source: b}}]",
     ACCESS, "net=192"),
    ("pattern", "[{pattern: {expression: '<ip> <_> <path> <status>'}}]", ACCESS, "ip=192.0.2.7 path=/a status=200"),
    ("pattern with a text before", "[{pattern: {expression: 'GET <path> <_>'}}]", ACCESS, "path=/a"),
    ("grok", "[{grok: {expression: '%{IP:client.ip} %{WORD:verb} %{URIPATH:path} %{INT:status:int}'}}]", ACCESS,
     "client.ip=192.0.2.7 verb=GET path=/a status=200"),
    ("grok with patterns of one's own", "[{grok: {expression: '%{PLACE:path}', definitions: {PLACE: '/%{WORD}'}}}]", ACCESS,
     "path=/a"),
    ("template", "[{json: {expressions: {level: }}}, {template: {source: level, template: '{{ ToUpper .Value }}!'}}]", JSON,
     "level=WARN!"),
    ("template of the line", "[{template: {source: n, template: '{{ len .Entry }}'}}]", "12345", "n=5"),
    ("replace", r"[{replace: {expression: '(\d+)\.', replace: 'N'}}]", ACCESS, "body=N.N.N.7 GET /a 200"),
    ("replace by a template", "[{replace: {expression: 'GET|POST', replace: '{{ ToLower .Value }}'}}]", ACCESS,
     "body=192.0.2.7 get /a 200"),
    ("replace with nothing", r"[{replace: {expression: '^\S+ '}}]", ACCESS, "body=GET /a 200"),
    ("mask", "[{mask: {detectors: [ipv4]}}]", ACCESS, "body=*** GET /a 200"),
    ("output", "[{json: {expressions: {m: }}}, {output: {source: m}}]", JSON, "body=hi"),
    ("output of nothing", "[{output: {source: m}}]", JSON, f"body={JSON}"),
    ("decolorize", "[{decolorize: {}}]", "\x1b[31mred\x1b[0m", "body=red"),
    ("labels", "[{json: {expressions: {level: }}}, {labels: {level: , lvl: level, no: }}]", JSON,
     "label level=warn label lvl=warn"),
    ("static labels", "[{static_labels: {env: prod}}]", "x", "label env=prod label job=api"),
    ("labels taken away", "[{labeldrop: [job]}]", "x", "label job="),
    ("labels allowed", "[{static_labels: {a: b}}, {labelallow: [a]}]", "x", "label a=b label job="),
    ("structured metadata", "[{json: {expressions: {m: }}}, {structured_metadata: {m: , job: }}]", JSON,
     "attribute m=hi attribute job=api"),
    ("timestamp", "[{json: {expressions: {t: }}}, {timestamp: {source: t, format: RFC3339}}]", '{"t":"2026-11-21T05:00:13Z"}',
     "time=2026-11-21T05:00:13"),
    ("timestamp, another format", ("[{json: {expressions: {t: }}}, {timestamp: {source: t, format: RFC3339, "
     "fallback_formats: ['02.01.2006 15:04'], location: Europe/Berlin}}]"), '{"t":"21.11.2026 05:00"}',
     "time=2026-11-21T04:00:00"),
    ("drop by an expression", "[{drop: {expression: 'GET .* 200'}}]", ACCESS, "dropped"),
    ("drop by a value", "[{json: {expressions: {level: }}}, {drop: {source: level, value: warn}}]", JSON, "dropped"),
    ("drop by a source that is there", "[{json: {expressions: {level: }}}, {drop: {source: level}}]", JSON, "dropped"),
    ("not dropped, as it is not there", "[{drop: {source: level}}]", JSON, ""),
    ("drop what is long", "[{drop: {longer_than: 10B}}]", ACCESS, "dropped"),
    ("drop what is long and is something else", "[{drop: {longer_than: 10B, expression: POST}}]", ACCESS, ""),
    ("sampling: none", "[{sampling: {rate: 0}}]", ACCESS, "dropped"),
    ("sampling: all", "[{sampling: {rate: 1}}]", ACCESS, ""),
    ("match", "[{match: {selector: '{job=\"api\"} |= \"GET\"', stages: [{static_labels: {a: b}}]}}]", ACCESS, "label a=b"),
    ("match: not these", "[{match: {selector: '{job=\"other\"}', stages: [{static_labels: {a: b}}]}}]", ACCESS, "label a="),
    ("match: dropped", "[{match: {selector: '{job=~\"a.*\"} !~ \"POST|PUT\"', action: drop}}]", ACCESS, "dropped"),
    ("cri and docker are done before", "[{cri: {}}, {docker: {}}]", ACCESS, ""),
]  # fmt: skip


def piped(stages: str, *lines: str) -> list[dict[str, Any]]:
    settings = f"pipelines: [{{name: p, selector: '{{job=\"api\"}}', stages: {stages}}}]"
    return tried(*lines, settings=settings, pipeline="p", job="api")


def holds(told: dict[str, Any], wanted: str) -> bool:
    kind, _, rest = wanted.partition(" ") if wanted.startswith(("label ", "attribute ")) else ("fields", "", wanted)
    name, _, value = rest.partition("=")
    if kind == "fields" and name == "body":
        return bool(told["body"] == value)
    if kind == "fields" and name == "time":
        return time_of(told) == value
    return bool(told[{"label": "labels", "attribute": "attributes"}.get(kind, kind)].get(name, "") == value)


@pytest.mark.parametrize(("stages", "line", "wanted"), [row[1:] for row in STAGES], ids=[row[0] for row in STAGES])
def test_stages(stages: str, line: str, wanted: str) -> None:
    (told,) = piped(stages, line)

    assert ("dropped" in told) is (wanted == "dropped")
    if wanted.startswith("body="):
        assert told["body"] == wanted.removeprefix("body=")
    elif wanted and wanted != "dropped":
        words = wanted.split(" ")
        pairs: list[str] = []
        for word in words:
            joins = (
                pairs
                and (pairs[-1] in ("label", "attribute") or "=" not in word)
                and word not in ("label", "attribute")
            )
            pairs = [*pairs[:-1], f"{pairs[-1]} {word}"] if joins else [*pairs, word]
        assert [pair for pair in pairs if not holds(told, pair)] == []


def test_a_line_without_a_time_comes_after_the_one_before() -> None:
    stages = "[{regex: {expression: '^t=(?P<t>\\S+)'}}, {timestamp: {source: t, format: RFC3339}}]"
    told = piped(stages, "t=2026-11-21T05:00:13Z a", "b", "c")

    assert [one["ts"] - told[0]["ts"] for one in told] == [0, 1, 2]


def test_lines_of_a_record_are_joined() -> None:
    told = piped(r"[{multiline: {firstline: '^\d', max_lines: 3}}]", "x", "1 a", " b", " c", " d", "2 e")

    assert [one.get("body") for one in told] == ["x", "1 a\n b\n c", None, None, " d", "2 e"]
    assert told[2]["dropped"] == "p: joined"


def test_sampling_keeps_every_so_many() -> None:
    told = piped("[{sampling: {rate: 0.25}}]", *map(str, range(20)))

    assert [one["line"] for one in told if "dropped" not in one] == ["3", "7", "11", "15", "19"]


def test_a_limit_holds_for_each_value_of_a_label() -> None:
    stages = (
        "[{regex: {expression: '(?P<who>\\w)'}}, {labels: {who: }}, {limit: {rate: 1, burst: 2, by_label_name: who}}]"
    )
    told = piped(stages, "a", "a", "a", "b", "b", "b")

    assert ["dropped" in one for one in told] == [False, False, True] * 2


def test_lines_keep_their_order_through_a_match() -> None:
    stages = "[{match: {selector: '{} |= \"x\"', stages: [{static_labels: {a: b}}]}}]"

    assert [one["line"] for one in piped(stages, "x1", "y1", "x2", "y2")] == ["x1", "y1", "x2", "y2"]


def test_a_stage_that_cannot_do_its_work_lets_the_line_pass() -> None:
    stages = "[{regex: {expression: '(?P<a>x)'}}, {template: {source: b, template: '{{ substr 1 2 .missing }}'}}]"

    assert piped(stages, "words")[0]["body"] == "words"


def test_a_pipeline_of_another_stream_is_not_tried() -> None:
    with pytest.raises(ConfigError, match=r"its selector .* does not select the stream"):
        tried("x", settings="pipelines: [{name: p, selector: '{job=\"a\"}'}]", pipeline="p", job="b")
    with pytest.raises(ConfigError, match='unknown pipeline "q"'):
        tried("x", settings="pipelines: [{name: p}]", pipeline="q")


BAD = [
    # what                        the stage                                                  what is said of it
    ("no such stage",             "{jsn: {}}",                                               'unknown setting "jsn"; did you mean "json"?'),
    ("two stages in one",         "{cri: {}, docker: {}}",                                   "this says cri and docker"),
    ("nothing",                   "{}",                                                      "this says nothing"),
    ("no path",                   "{json: {expressions: {a: 'b[c'}}}",                       "cannot read the path 'b[c' at character 2"),
    ("a bad expression",          "{regex: {expression: '(?P<a>'}}",                         "missing closing )"),
    ("what RE2 has not",          "{regex: {expression: '(?P<a>x)(?=y)'}}",                  "invalid or unsupported Perl syntax"),
    ("no group",                  "{regex: {expression: 'a'}}",                              "it has no named group"),
    ("a pattern of nothing",      "{pattern: {expression: 'a <_>'}}",                        "it captures nothing"),
    ("captures side by side",     "{pattern: {expression: '<a><b>'}}",                       "nothing stands before <b>"),
    ("a capture twice",           "{pattern: {expression: '<a> <a>'}}",                      "it has <a> twice"),
    ("no such grok pattern",      "{grok: {expression: '%{IPP:a}'}}",                        'unknown grok pattern "IPP"; did you mean "IP"?'),
    ("grok without end",          "{grok: {expression: '%{A:a}', definitions: {A: '%{A}'}}}", "nested deeper than 20 times"),
    ("grok without a field",      "{grok: {expression: '%{IP}'}}",                           "it names no field"),
    ("no layout",                 "{timestamp: {source: a, format: soon}}",                  "cannot read the layout 'soon'"),
    ("no zone",                   "{timestamp: {source: a, format: Unix, location: Nowhere}}", "cannot find the time zone 'Nowhere'"),
    ("a bad template",            "{template: {source: a, template: '{{ .x'}}",              "cannot read the template"),
    ("no such function",          "{template: {source: a, template: '{{ Up .x }}'}}",        'function "Up" not defined'),
    ("nothing to drop",           "{drop: {}}",                                              "nothing says what is dropped"),
    ("a value of nothing",        "{drop: {value: a}}",                                      "value needs a source"),
    ("more than all",             "{sampling: {rate: 2}}",                                   "want 1 or less"),
    ("no such detector",          "{mask: {detectors: [mail]}}",                             'unknown detector "mail"'),
    ("a selector without end",    "{match: {selector: '{a=\"b\"', stages: [{cri: {}}]}}",    'found its end; want "}"'),
    ("a selector without quotes", "{match: {selector: '{a=b}', stages: [{cri: {}}]}}",       "at character 4: found 'b}'"),
    ("a match of nothing",        "{match: {selector: '{}'}}",                               "action keep needs stages"),
    ("a limit that waits",        "{limit: {rate: 1, burst: 1, drop: false}}",               "cannot make senders wait"),
]  # fmt: skip


@pytest.mark.parametrize(("stage", "words"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_stages_are_told_with_their_line(stage: str, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        settings_of(f"pipelines:\n  - name: p\n    stages:\n      - cri: {{}}\n      - {stage}\n")

    assert str(refused.value).startswith("firstlight.yaml:5: pipelines[0].stages[1]")
    assert words in str(refused.value)


def test_what_is_shown_of_settings_can_be_read_again() -> None:
    stages = "[{json: {expressions: {a: b}}}, {labels: {a: }}, {mask: {detectors: [ipv4]}}, {decolorize: {}}, "
    told = settings_of(f"pipelines: [{{name: p, stages: {stages}{{match: {{selector: '{{}}', action: drop}}}}]}}]")

    assert settings_of(dump(told)) == told


def test_two_pipelines_have_two_names() -> None:
    with pytest.raises(ConfigError, match="two pipelines called p"):
        settings_of("pipelines: [{name: p}, {name: p}]")
