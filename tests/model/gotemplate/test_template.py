"""What templates write, and what is said of those that are wrong: the facts are what Go 1.26 gave (L1)."""

from __future__ import annotations

from typing import Any

import pytest

from firstlight.model.gotemplate import BadTemplate, ExecutionError, Missing, Template, TextMap

DATA: dict[str, Any] = {
    "x": "abab",
    "n": 5.0,
    "f": 2.5,
    "t": True,
    "l": ["a", "b", 3.0],
    "m": {"k": "v", "j": {"d": 1.5}},
    "z": None,
    "e": "",
    "el": [],
}

WRITTEN = [
    ("text alone", "plain text", "plain text"),
    ("a member", "{{.x}}", "abab"),
    ("members of members", "{{.m.j.d}}", "1.5"),
    ("a missing member", "{{.no}}|{{.no.no}}", "<no value>|<no value>"),
    ("nil", "{{.z}}", "<no value>"),
    ("trim markers", "a  {{- .x -}}  b {{- /* c */ -}} d", "aababbd"),
    ("a comment", "a{{/* no */}}b", "ab"),
    ("minus is no trim marker", "{{-3}}", "-3"),
    ("if", "{{if .t}}1{{else}}2{{end}}", "1"),
    ("else if", "{{if .e}}1{{else if .t}}2{{else}}3{{end}}", "2"),
    (
        "empty things are false",
        "{{if .e}}1{{end}}{{if .el}}2{{end}}{{if .z}}3{{end}}{{if 0}}4{{end}}{{if 0.0}}5{{end}}",
        "",
    ),
    ("with", "{{with .m}}{{.k}}{{end}}{{with .e}}1{{else}}2{{end}}", "v2"),
    ("else with", "{{with .e}}1{{else with .x}}{{.}}{{end}}", "abab"),
    ("range over a list", "{{range .l}}<{{.}}>{{end}}", "<a><b><3>"),
    ("range with places", "{{range $i, $v := .l}}{{$i}}={{$v}};{{end}}", "0=a;1=b;2=3;"),
    ("range over a map, by key", "{{range $k, $v := .m}}{{$k}}={{$v}};{{end}}", "j=map[d:1.5];k=v;"),
    ("range over nothing", "{{range .el}}1{{else}}none{{end}}", "none"),
    ("range over a number", "{{range 3}}{{.}}{{end}}", "012"),
    ("break and continue", '{{range .l}}{{if eq . "a"}}{{continue}}{{end}}{{.}}{{break}}{{end}}', "b"),
    ("a variable in a loop", '{{$s := ""}}{{range .l}}{{$s = print $s .}}{{end}}{{$s}}', "ab3"),
    ("range assigns", "{{$v := 0}}{{range $v = .l}}{{end}}{{$v}}", "3"),
    ("variables", '{{$a := .x}}{{$a}}{{$a = "n"}}{{$a}}{{$.x}}{{$.m.k}}', "ababnababv"),
    ("a variable's scope ends", "{{$a := 1}}{{if true}}{{$a := 2}}{{$a}}{{end}}{{$a}}", "21"),
    ("define and template", '{{define "d"}}[{{.}}]{{end}}{{template "d" .x}}{{template "d"}}', "[abab][<no value>]"),
    ("block", '{{block "b" .x}}({{.}}){{end}}', "(abab)"),
    ("a template's own variables", '{{define "d"}}{{$}}{{end}}{{$a := 1}}{{template "d" 5}}{{$a}}', "51"),
    ("pipelines", '{{.x | len | printf "%03d"}}', "004"),
    ("parentheses", '{{len (printf "%s!" .x)}} {{(.m).k}}', "5 v"),
    (
        "and, or, not",
        "{{and .t .x}} {{and .e .x}}| {{or .e .x}} {{or .e 0}} {{not .e}} {{and 1 0 2}}",
        "abab | abab 0 true 0",
    ),
    ("and stops early", "{{and .e (index .el 5)}}|{{or .x (index .el 5)}}", "|abab"),
    ("comparisons of texts", '{{eq .x "abab"}} {{ne .x "q"}} {{lt "a" "b"}} {{ge "b" "b"}}', "true true true true"),
    (
        "comparisons of numbers",
        "{{eq 1 2 1}} {{lt 1 2}} {{le 2 2}} {{gt 2.5 1.5}} {{eq .n 5.0}}",
        "true true true true true",
    ),
    ("eq with nil", "{{eq .z nil}} {{eq .x nil}}", "true false"),
    (
        "index",
        '{{index .l 1}} {{index .m "k"}} {{index .m "j" "d"}} {{index .x 0}} {{index .m "no"}}',
        "b v 1.5 97 <no value>",
    ),
    ("slice", "{{slice .x 1 3}} {{slice .x 2}} {{slice .l 1}}", "ba ab [b 3]"),
    ("len", '{{len .x}} {{len .l}} {{len .m}} {{len "é"}}', "4 3 2 2"),
    ("print", '{{print 1 2 "a" "b" 3 4.5 nil}}', "1 2ab3 4.5 <nil>"),
    ("println", '{{println "a" 1}}', "a 1\n"),
    ("html", '{{html "<a href=\'x\'>&\\""}}', "&lt;a href=&#39;x&#39;&gt;&amp;&#34;"),
    ("js", '{{js "it\'s <b> \\"q\\" \\n = &"}}', 'it\\\'s \\u003Cb\\u003E \\"q\\" \\u000A \\u003D \\u0026'),
    ("urlquery", '{{urlquery "a b&c/é~"}}', "a+b%26c%2F%C3%A9~"),
    (
        "literals",
        "{{\"a\\tb\\u00e9\\x41\\101\"}} {{`raw\\n`}} {{'a'}} {{0x1F}} {{1e3}} {{1_000}} {{0b11}} {{0o17}} {{.5}} {{+3}} {{1.50}} {{1e100}} {{true}}",
        "a\tbéAA raw\\n 97 31 1000 1000 3 15 0.5 3 1.5 1e+100 true",
    ),
    (
        "floats as Go writes them",
        "{{.f}} {{1234567.0}} {{100000.0}} {{1e21}} {{0.0001}} {{0.00001}}",
        "2.5 1.234567e+06 100000 1e+21 0.0001 1e-05",
    ),
    ("lists and maps as Go writes them", "{{.l}} {{.m}} {{.el}}", "[a b 3] map[j:map[d:1.5] k:v] []"),
    (
        "printf verbs",
        '{{printf "%d %5d|%-5d|%05d %+d %x %X %o %b %c %U %q" 1 2 3 4 5 255 255 8 5 65 65 65}}',
        "1     2|3    |00004 +5 ff FF 10 101 A U+0041 'A'",
    ),
    (
        "printf floats",
        '{{printf "%f %.2f %8.3f|%e %g %G %08.3f %+.1f" 1.5 2.345 3.14159 12345.678 1e21 1e-7 3.14159 2.0}}',
        "1.500000 2.35    3.142|1.234568e+04 1e+21 1E-07 0003.142 +2.0",
    ),
    (
        "printf texts",
        '{{printf "%s|%5s|%-5s|%.2s|%q|%x|% x|%05s|%#q|%v" "a" "b" "c" "defg" "h\\"i" "jk" "lm" "n" "o" "p"}}',
        'a|    b|c    |de|"h\\"i"|6a6b|6c 6d|0000n|`o`|p',
    ),
    (
        "printf with values it is not for",
        '{{printf "%d" "x"}} {{printf "%s" 5}} {{printf "%t" 1}} {{printf "%z" 1}}',
        "%!d(string=x) %!s(int=5) %!t(int=1) %!z(int=1)",
    ),
    (
        "printf with too many or too few",
        '{{printf "%d %d" 1}} {{printf "x" 1 "y"}} {{printf "%"}} {{printf "%d%%" 5}}',
        "1 %!d(MISSING) x%!(EXTRA int=1, string=y) %!(NOVERB) 5%",
    ),
    (
        "printf with indexes and stars",
        '{{printf "%[2]d %[1]d|%*d|%.*f|%[5]d" 1 2 5 42}}',
        "2 1| 5|%!f(MISSING)|%!d(BADINDEX)",
    ),
    (
        "printf of composed values",
        '{{printf "%v %q %d %s" .l .l .l .m}}',
        '[a b 3] ["a" "b" %!q(float64=3)] [%!d(string=a) %!d(string=b) %!d(float64=3)] map[j:map[d:%!s(float64=1.5)] k:v]',
    ),
    (
        "printf of nil, types and sources",
        '{{printf "%v %s %T %T %T %#v %#v" nil nil 1 "s" .m "q" 1.5}}',
        '<nil> %!s(<nil>) int string map[string]interface {} "q" 1.5',
    ),
    ("printf of booleans", '{{printf "%t %v %5t|" true false true}}', "true false  true|"),
    ("an empty pipe", "{{.x | }}", "abab"),
]

FAILED = [
    ("nil is no command", "{{nil}}", 'template: t:1:2: executing "t" at <nil>: nil is not a command'),
    (
        "too few arguments",
        "{{index}}",
        'template: t:1:2: executing "t" at <index>: wrong number of args for index: want at least 1 got 0',
    ),
    (
        "too many arguments",
        "{{not 1 2}}",
        'template: t:1:2: executing "t" at <not>: wrong number of args for not: want 1 got 2',
    ),
    (
        "an argument of the wrong type",
        "{{printf 5}}",
        'template: t:1:9: executing "t" at <5>: expected string; found 5',
    ),
    (
        "a wrong type through the pipeline",
        "{{5 | printf}}",
        'template: t:1:6: executing "t" at <printf>: wrong type for value; expected string; got int',
    ),
    (
        "a member of a text",
        "{{.x.y}}",
        'template: t:1:4: executing "t" at <.x.y>: can\'t evaluate field y in type interface {}',
    ),
    (
        "a member of what a map holds",
        "{{.m.k.y}}",
        'template: t:1:4: executing "t" at <.m.k.y>: can\'t evaluate field y in type interface {}',
    ),
    ("a member of nil", "{{.z.y}}", 'template: t:1:4: executing "t" at <.z.y>: nil pointer evaluating interface {}.y'),
    (
        "arguments for what is no function",
        "{{.x 5}}",
        'template: t:1:2: executing "t" at <.x>: x is not a method but has arguments',
    ),
    (
        "a value as a function",
        "{{5 .x}}",
        'template: t:1:2: executing "t" at <5>: can\'t give argument to non-function 5',
    ),
    (
        "index too far",
        "{{index .l 9}}",
        'template: t:1:2: executing "t" at <index .l 9>: error calling index: index out of range: 9',
    ),
    (
        "index of what has none",
        "{{index .n 1}}",
        'template: t:1:2: executing "t" at <index .n 1>: error calling index: can\'t index item of type float64',
    ),
    (
        "slice the wrong way round",
        "{{slice .x 3 1}}",
        'template: t:1:2: executing "t" at <slice .x 3 1>: error calling slice: invalid slice index: 3 > 1',
    ),
    ("len of a number", "{{len 5}}", 'template: t:1:2: executing "t" at <len 5>: error calling len: len of type int'),
    (
        "numbers of different types",
        "{{eq 1 1.0}}",
        'template: t:1:2: executing "t" at <eq 1 1.0>: error calling eq: incompatible types for comparison: int and float64',
    ),
    (
        "numbers and texts",
        '{{lt 1 "a"}}',
        'template: t:1:2: executing "t" at <lt 1 "a">: error calling lt: incompatible types for comparison: int and string',
    ),
    (
        "range over what cannot be",
        "{{range .x}}{{end}}",
        'template: t:1:8: executing "t" at <.x>: range can\'t iterate over abab',
    ),
    (
        "a template that is none",
        '{{template "no"}}',
        'template: t:1:11: executing "t" at <{{template "no"}}>: template "no" not defined',
    ),
    (
        "call of what is no function",
        "{{call .x}}",
        'template: t:1:2: executing "t" at <call .x>: error calling call: non-function .x of type string',
    ),
    (
        "the place is by line and byte",
        "a\né {{.x.y}}",
        'template: t:2:7: executing "t" at <.x.y>: can\'t evaluate field y in type interface {}',
    ),
    (
        "the place in a template",
        '{{define "d"}}\n  {{.y.z}}{{end}}{{template "d" .m.k}}',
        'template: t:2:6: executing "d" at <.y.z>: can\'t evaluate field y in type string',
    ),
]

REFUSED = [
    ("a function that is none", "{{nope .x}}", 'template: t:1: function "nope" not defined'),
    ("unclosed action", "{{.x", "template: t:1: unclosed action"),
    ("unclosed comment", "{{/* a", "template: t:1: unclosed comment"),
    ("unclosed text", '{{"a}}', "template: t:1: unterminated quoted string"),
    ("unclosed parenthesis", "{{(.x}}", "template: t:1: unclosed left paren"),
    ("a parenthesis too many", "{{.x)}}", "template: t:1: unexpected right paren"),
    ("no end", "{{if .x}}a", "template: t:1: unexpected EOF"),
    ("an end too many", "a{{end}}", "template: t:1: unexpected {{end}}"),
    ("else twice", "{{if .x}}{{else}}{{else}}{{end}}", "template: t:1: expected end; found {{else}}"),
    ("no value", "{{}}", "template: t:1: missing value for command"),
    ("no value for if", "{{if}}{{end}}", "template: t:1: missing value for if"),
    ("an unknown variable", "{{$no}}", 'template: t:1: undefined variable "$no"'),
    ("a literal that is called", "{{.x | 5}}", "template: t:1: non executable command in pipeline stage 2"),
    ("break outside of a loop", "{{break}}", "template: t:1: {{break}} outside {{range}}"),
    ("too many variables", "{{$a, $b := .x}}", "template: t:1: too many declarations in command"),
    ("a bad number", "{{1x}}", 'template: t:1: bad number syntax: "1x"'),
    ("a bad character", "{{.x # }}", 'template: t:1: unexpected "#" in operand'),
    ("a member of a literal", '{{1.x}}{{"a".b}}', 'template: t:1: bad number syntax: "1.x"'),
    (
        "a template defined twice",
        '{{define "a"}}1{{end}}{{define "a"}}2{{end}}',
        'template: t:1: template: multiple definition of template "a"',
    ),
    ("a bad escape", '{{"\\q"}}', "template: t:1: invalid syntax"),
    ("a text too early in define", "{{define a}}{{end}}", 'template: t:1: unexpected "a" in define clause'),
    ("unfinished on another line", "{{\n.x", "template: t:2: unclosed action started at t:1"),
]

MISSING: list[tuple[str, Missing, str, str]] = [
    ("default: nothing", "default", "{{.no}}", "<no value>"),
    ("zero: the zero of the type", "zero", "{{.no}}|{{.x}}", "|1"),
    ("error: an error", "error", "{{.no}}", 'template: t:1:2: executing "t" at <.no>: map has no entry for key "no"'),
    (
        "error in an if",
        "error",
        "{{if .no}}1{{end}}",
        'template: t:1:5: executing "t" at <.no>: map has no entry for key "no"',
    ),
]


@pytest.mark.parametrize(("text", "written"), [row[1:] for row in WRITTEN], ids=[row[0] for row in WRITTEN])
def test_written(text: str, written: str) -> None:
    """A template writes what Go's does."""
    assert Template("t", text).execute(DATA) == written


@pytest.mark.parametrize(("text", "words"), [row[1:] for row in FAILED], ids=[row[0] for row in FAILED])
def test_failed(text: str, words: str) -> None:
    """An execution that fails says so in Go's words, with the place."""
    with pytest.raises(ExecutionError) as caught:
        Template("t", text).execute(DATA)
    assert str(caught.value) == words


@pytest.mark.parametrize(("text", "words"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refused(text: str, words: str) -> None:
    """A text that is no template is refused in Go's words, with the line."""
    with pytest.raises(BadTemplate) as caught:
        Template("t", text)
    assert str(caught.value) == words


@pytest.mark.parametrize(("missing", "text", "expected"), [row[1:] for row in MISSING], ids=[row[0] for row in MISSING])
def test_missing(missing: Missing, text: str, expected: str) -> None:
    """What a member that is not there gives is the program's choice."""
    template = Template("t", text, missing=missing)
    if expected.startswith("template:"):
        with pytest.raises(ExecutionError) as caught:
            template.execute(TextMap(x="1"))
        assert str(caught.value) == expected
    else:
        assert template.execute(TextMap(x="1")) == expected


BOUNDED = [
    (
        "a template that calls itself",
        '{{define "d"}}{{template "d"}}{{end}}{{template "d"}}',
        "exceeded maximum template",
    ),
    ("loops without an end", "{{range 100000}}{{range 100000}}{{end}}{{end}}", "loops went round more than"),
    ("the widest field", '{{printf "%999999d" 1 | len}}', ""),
]


@pytest.mark.parametrize(("text", "words"), [row[1:] for row in BOUNDED], ids=[row[0] for row in BOUNDED])
def test_bounded(text: str, words: str) -> None:
    """No template takes more than its share of time and memory."""
    template = Template("t", text)
    if not words:
        assert int(template.execute(None)) < 100
        return
    with pytest.raises(ExecutionError, match=words):
        template.execute(None)


def test_deep_parentheses() -> None:
    """Parentheses within each other are counted."""
    with pytest.raises(BadTemplate, match="max expression depth exceeded"):
        Template("t", "{{" + "(" * 500 + "1" + ")" * 500 + "}}")
