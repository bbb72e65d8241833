"""The functions of LogQL's templates: the facts are what Loki 3.7 gave (L1)."""

from __future__ import annotations

import json

import pytest

from tests.query.logql.stage_runs import after

LINE = 'x=abab j="{\\"a\\":1,\\"l\\":[1,\\"z\\"]}"'

ROWS = [
    (
        "case of letters",
        '{{lower "AÉ"}} {{upper "aé"}} {{ToLower "A"}} {{ToUpper "a"}} {{title "hello wORLD it\'s foo-bar"}}',
        "aé AÉ a A Hello WORLD It'S Foo-Bar",
    ),
    ("trunc", "{{trunc 2 .x}} {{trunc -2 .x}} {{trunc 9 .x}} {{trunc 0 .x}}|", "ab ab abab |"),
    ("substr", "{{substr 1 3 .x}} {{substr -1 2 .x}} {{substr 1 -1 .x}} {{substr 1 99 .x}}", "ba ab bab bab"),
    (
        "substr the wrong way round",
        "{{substr 3 1 .x}}",
        'template: line:1:2: executing "line" at <substr 3 1 .x>: error calling substr: runtime error: slice bounds out of range [3:1]',
    ),
    (
        "substr too far",
        "{{substr 50 60 .x}}",
        'template: line:1:2: executing "line" at <substr 50 60 .x>: error calling substr: runtime error: slice bounds out of range [50:4]',
    ),
    (
        "contains, hasPrefix, hasSuffix",
        '{{contains "b" .x}} {{hasPrefix "b" .x}} {{hasSuffix "b" .x}}',
        "true false true",
    ),
    ("indent and nindent", '{{indent 2 "a"}}|{{nindent 1 "a"}}', "  a|\n a"),
    ("replace", '{{replace "a" "o" .x}} {{Replace .x "a" "o" 1}} {{Replace .x "a" "o" -1}}', "obob obab obob"),
    ("repeat", "{{repeat 2 .x}}", "abababab"),
    (
        "repeat less than nothing",
        "{{repeat -1 .x}}",
        'template: line:1:2: executing "line" at <repeat -1 .x>: error calling repeat: strings: negative Repeat count',
    ),
    (
        "trim",
        '{{trim " a "}}|{{trimAll "-" "--a-"}}|{{trimPrefix "-" "-a"}}|{{trimSuffix "-" "a-"}}|{{TrimSpace " a "}}|{{Trim "-a-" "-"}}|{{TrimLeft "-a-" "-"}}|{{TrimRight "-a-" "-"}}|{{TrimPrefix "-a" "-"}}|{{TrimSuffix "a-" "-"}}',
        "a|a|a|a|a|a|a-|-a|a|a",
    ),
    (
        "int",
        '{{int "42"}} {{int "4.7"}} {{int "abc"}} {{int "0x10"}} {{int "010"}} {{int ""}} {{int true}} {{int 4.9}}',
        "42 4 0 16 8 0 1 4",
    ),
    ("float64", '{{float64 "4.7"}} {{float64 5}} {{float64 "abc"}} {{float64 "1e3"}}', "4.7 5 0 1000"),
    ("add, sub, mul", '{{add 1 "2" 3.9}} {{sub 5 2}} {{mul 2 3 4}}', "6 3 24"),
    ("div and mod go to zero", "{{div 7 2}} {{div -7 2}} {{mod 7 3}} {{mod -7 3}}", "3 -3 1 -1"),
    (
        "div by zero",
        "{{div 1 0}}",
        'template: line:1:2: executing "line" at <div 1 0>: error calling div: runtime error: integer divide by zero',
    ),
    ("64 bits and no more", '{{add "9223372036854775807" 1}}', "-9223372036854775808"),
    (
        "decimals are exact",
        "{{addf 0.1 0.2}} {{subf 5.5 2 1}} {{mulf 1.1 1.1}} {{divf 1 3}}",
        "0.3 2.5 1.21 0.3333333333333333",
    ),
    (
        "divf by zero",
        "{{divf 1 0}}",
        'template: line:1:2: executing "line" at <divf 1 0>: error calling divf: decimal division by 0',
    ),
    ("max and min", '{{max 1 "5" 3}} {{min 4 2}} {{maxf 1.5 2}} {{minf 1.5 2}}', "5 2 2 1.5"),
    (
        "ceil, floor, round",
        '{{ceil 1.2}} {{floor "1.8"}} {{round 1.2345 2}} {{round 2.5 0}} {{round -1.5 0}} {{round 2.5 0 0.6}}',
        "2 1 1.23 3 -2 2",
    ),
    ("default", '{{default "d" .no}} {{.x | default "d"}} {{default 5 0}} {{default "d" false}}', "d abab 5 d"),
    (
        "fromJson",
        "{{fromJson .j}}|{{(fromJson .j).a}}|{{index (fromJson .j).l 0}}|{{range (fromJson .j).l}}<{{.}}>{{end}}|{{(fromJson .j).no}}",
        "map[a:1 l:[1 z]]|1|1|<1><z>|<no value>",
    ),
    ("fromJson of what is none", '{{fromJson "x"}}', "<no value>"),
    ("count", '{{count "a" "banana"}} {{count "x*" "ab"}} {{"abab" | count "ab"}}', "3 3 2"),
    (
        "count of a bad expression",
        '{{count "(" "a"}}',
        'template: line:1:2: executing "line" at <count "(" "a">: error calling count: error parsing regexp: missing closing ): `(`',
    ),
    (
        "regexReplaceAll",
        '{{regexReplaceAll "(a)(b)" .x "${2}$1"}} {{regexReplaceAll "x*" "abc" "-"}} {{regexReplaceAll "(?P<z>an)" "banana" "<$z>"}} {{regexReplaceAll "a" "ab" "$1x$$"}}',
        "baba -a-b-c- b<an><an>a $b",
    ),
    ("regexReplaceAllLiteral", '{{regexReplaceAllLiteral "a" .x "$0"}}', "$0b$0b"),
    (
        "base64",
        '{{b64enc "hello"}} {{b64dec "aGVsbG8="}} {{b64dec "!!"}}',
        "aGVsbG8= hello illegal base64 data at input byte 0",
    ),
    ("URLs", '{{urlencode "a b&c/é"}} {{urldecode "a%20b+c%C3%A9"}}', "a+b%26c%2F%C3%A9 a b cé"),
    (
        "a bad URL",
        '{{urldecode "a%zz"}}',
        'template: line:1:2: executing "line" at <urldecode "a%zz">: error calling urldecode: invalid URL escape "%zz"',
    ),
    (
        "bytes and durations",
        '{{bytes "5KB"}} {{bytes "1 MiB"}} {{duration "1h30m"}} {{duration_seconds "1.5s"}}',
        "5000 1.048576e+06 5400 1.5",
    ),
    (
        "bytes of what is none",
        '{{bytes "xx"}}',
        'template: line:1:2: executing "line" at <bytes "xx">: error calling bytes: strconv.ParseFloat: parsing "": invalid syntax',
    ),
    (
        "a duration of what is none",
        '{{duration "xx"}}',
        'template: line:1:2: executing "line" at <duration "xx">: error calling duration: time: invalid duration "xx"',
    ),
    (
        "alignLeft and alignRight",
        '{{alignLeft 5 "ab"}}|{{alignRight 5 "ab"}}|{{alignLeft 1 "ab"}}|{{alignRight 1 "ab"}}|{{alignLeft -1 "ab"}}|{{alignRight 3 "éàü"}}',
        "ab   |   ab|a|b|ab|éàü",
    ),
    (
        "the line and its time",
        "{{__line__ | len}} {{__timestamp__}} {{__timestamp__ | unixEpoch}} {{__timestamp__ | unixEpochMillis}} {{__timestamp__ | unixEpochNanos}}",
        "36 2023-11-14 22:13:20.123456789 +0000 UTC 1700000000 1700000000123 1700000000123456789",
    ),
    (
        "date",
        '{{__timestamp__ | date "2006-01-02T15:04:05.000Z07:00"}} {{date "Mon Jan _2 3:04PM 06 002" 1700000000}}',
        "2023-11-14T22:13:20.123Z Tue Nov 14 10:13PM 23 318",
    ),
    (
        "every part of a layout",
        '{{date "Monday January _2 06 03:04:05 PM -0700 MST 002 __2 Mon Jan 1 2 15 4 5 .999 .000000 ,000 Z07:00 Z0700 -07 Z07 -07:00" __timestamp__}}',
        "Tuesday November 14 23 10:13:20 PM +0000 UTC 318 318 Tue Nov 11 14 22 13 20 .123 .123456 ,123 Z Z +00 Z +00:00",
    ),
    (
        "toDate",
        '{{toDate "2006-01-02" "2023-05-06"}} {{toDate "2006-01-02T15:04:05Z07:00" "2023-05-06T07:08:09+02:00" | unixEpoch}} {{toDate "Jan 2, 2006 3:04 PM" "Mar 5, 2021 11:30 PM" | unixEpoch}} {{toDate "02/Jan/2006:15:04:05 -0700" "10/Oct/2000:13:55:36 -0700"}}',
        "2023-05-06 00:00:00 +0000 UTC 1683349689 1614987000 2000-10-10 13:55:36 -0700 -0700",
    ),
    ("toDate of what is written otherwise", '{{toDate "2006-01-02" "x"}}', "0001-01-01 00:00:00 +0000 UTC"),
    ("toDate without a year", '{{toDate "15:04" "10:20"}}', "0000-01-01 10:20:00 +0000 UTC"),
    (
        "toDateInZone",
        '{{toDateInZone "2006-01-02 15:04" "Europe/Berlin" "2023-07-06 10:00"}} {{toDateInZone "2006" "No/Zone" "2023"}}',
        "2023-07-06 10:00:00 +0200 CEST 2023-01-01 00:00:00 +0000 UTC",
    ),
    (
        "unixToTime",
        '{{unixToTime "1679577215"}} {{unixToTime "19373"}} {{unixToTime "1679577215123"}}',
        "2023-03-23 13:13:35 +0000 UTC 2023-01-16 00:00:00 +0000 UTC 2023-03-23 13:13:35.123 +0000 UTC",
    ),
    (
        "unixToTime of what is none",
        '{{unixToTime "abc"}}',
        'template: line:1:2: executing "line" at <unixToTime "abc">: error calling unixToTime: unable to parse time \'abc\': strconv.ParseInt: parsing "abc": invalid syntax',
    ),
    (
        "methods of times",
        '{{(__timestamp__).Year}} {{(__timestamp__).Weekday}} {{(__timestamp__).Format "15:04"}} {{(__timestamp__).Unix}}',
        "2023 Tuesday 22:13 1700000000",
    ),
    (
        "a function of texts on a number",
        "{{upper 5}}",
        'template: line:1:8: executing "line" at <5>: expected string; found 5',
    ),
    (
        "a function of numbers on a text",
        "{{trunc .x .x}}",
        'template: line:1:8: executing "line" at <.x>: wrong type for value; expected int; got string',
    ),
    (
        "int64 is not int",
        "{{trunc (add 1 1) .x}}",
        'template: line:1:15: executing "line" at <1>: wrong type for value; expected int; got int64',
    ),
]


@pytest.mark.parametrize(("template", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_function(template: str, expected: str) -> None:
    """A line is written by the functions as Loki does it, or fails in its words."""
    labels = after(f"| logfmt | line_format {json.dumps(template, ensure_ascii=False)}", LINE)
    assert labels is not None
    assert (labels.get("__error_details__") or labels["line"]) == expected


def test_now() -> None:
    """`now` is the time of the query."""
    assert after('| line_format "{{now | unixEpoch}}"', "x") == {"line": "1700000000"}
