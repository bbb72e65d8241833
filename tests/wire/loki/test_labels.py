"""The text of labels, read and written, and the service found among them."""

from __future__ import annotations

import pytest

from firstlight.wire.loki.labels import MAX_TEXT, BadLabels, labels_text, read_labels, with_service

READ = [
    ("one label", '{a="b"}', {"a": "b"}),
    ("several, with spaces and a comma too many", ' { a = "b" , c="d", } ', {"a": "b", "c": "d"}),
    ("none", "{}", {}),
    ("quotes of all kinds", "{a='x', b=`y\\n`, c=\"z\"}", {"a": "x", "b": "y\\n", "c": "z"}),
    ("escapes of Go", r'{a="\"q\"\\\n\t\x41\u00e9\101\U0001F600"}', {"a": '"q"\\\n\tA\u00e9A\U0001f600'}),
    ("commas and braces in a value", '{a="x,}={"}', {"a": "x,}={"}),
    ("letters of other alphabets in a value", '{a="größe"}', {"a": "größe"}),
    ("an empty value", '{a=""}', {"a": ""}),
]


@pytest.mark.parametrize(("text", "labels"), [row[1:] for row in READ], ids=[row[0] for row in READ])
def test_labels_are_read(text: str, labels: dict[str, str]) -> None:
    """The labels of a stream are what its text says."""
    assert read_labels(text) == labels


BAD = [
    ("no braces", 'a="b"', "col 1: unexpected 'a=\"b\"', expecting {"),
    ("no end", '{a="b"', "unexpected the end, expecting ,"),
    ("no value", "{a=}", "col 4: unexpected '}', expecting a label's value in quotes"),
    ("another operator", '{a=~"b"}', "expecting a label's value in quotes"),
    ("no name", '{="b"}', "expecting a label's name or }"),
    ("a name with a point", '{a.b="c"}', "expecting ="),
    ("twice the same", '{a="1",a="2"}', "the label 'a' is given twice"),
    ("something after it", '{a="b"} c', "expecting nothing more"),
    ("a string without an end", '{a="b}', "expecting a label's value in quotes"),
    ("an escape that is none", r'{a="\q"}', "unknown escape sequence"),
    ("half a character", r'{a="\ud800"}', "is no character"),
    ("too long", "{" + "a" * MAX_TEXT + '="b"}', "want at most"),
]


@pytest.mark.parametrize(("text", "words"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_what_is_wrong_is_told(text: str, words: str) -> None:
    """A text that is none of labels is refused, with the place."""
    with pytest.raises(BadLabels) as told:
        read_labels(text)
    assert words in str(told.value)


@pytest.mark.parametrize(
    "labels", [{"b": "2", "a": "1"}, {"a": 'q"\\\n\x00é'}, {}], ids=["two", "odd characters", "none"]
)
def test_what_is_written_is_read_again(labels: dict[str, str]) -> None:
    """Labels as they are printed are the labels."""
    assert read_labels(labels_text(labels)) == labels


SERVICES = [
    ("the label that says so", {"service_name": "x", "app": "y"}, "x"),
    ("even an empty one", {"service_name": "", "app": "y"}, ""),
    ("service before app", {"app": "a", "service": "s"}, "s"),
    ("app before container", {"container": "c", "app": "a"}, "a"),
    ("job, late", {"job": "j", "x": "y"}, "j"),
    ("an empty one is none", {"app": "", "job": "j"}, "j"),
    ("nothing", {"x": "y"}, "unknown_service"),
]


@pytest.mark.parametrize(("labels", "service"), [row[1:] for row in SERVICES], ids=[row[0] for row in SERVICES])
def test_the_service_is_found_as_loki_finds_it(labels: dict[str, str], service: str) -> None:
    """A stream without `service_name` gets one."""
    assert with_service(labels) == {**labels, "service_name": service}
