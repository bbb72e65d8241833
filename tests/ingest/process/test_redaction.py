"""What is made unreadable before it is stored, and what only looks like it: A14."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstlight.errors import ConfigError
from firstlight.ingest.process.counts import Tallies
from firstlight.ingest.process.redaction import Redactor
from firstlight.ingest.process.redaction_detectors import DETECTORS
from firstlight.ingest.process.redaction_settings import RedactionSettings
from firstlight.model.tables import ATTRIBUTES, SPANS
from tests.ingest.process.trying import settings_of, tried

KEY = "0123456789abcdef"
PEM = "RSA PRIVATE " + "KEY"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"

FOUND = [
    # detector        what                        the text                                          what is left
    ("email",         "an address",               "mail to bob.o'k+x@mail.example.org now",         "mail to bob.o'*** now"),
    ("email",         "in JSON",                  '{"to":"a@b.de"}',                                '{"to":"***"}'),
    ("email",         "two",                      "a@b.de,c@d.de",                                  "***,***"),
    ("card",          "visa",                     "paid with 4111111111111111.",                    "paid with ***."),
    ("card",          "in groups",                "4111 1111 1111 1111 ok",                         "*** ok"),
    ("card",          "with dashes",              "pan=5555-5555-5555-4444",                        "pan=***"),
    ("card",          "american express",         "3782 822463 10005",                              "***"),
    ("card",          "discover",                 "(6011111111111117)",                             "(***)"),
    ("iban",          "german",                   "to DE89370400440532013000!",                     "to ***!"),
    ("iban",          "in groups",                "GB82 WEST 1234 5698 7654 32",                    "***"),
    ("bearer",        "a header",                 "Authorization: Bearer abcDEF123._-x",            "Authorization: Bearer ***"),
    ("bearer",        "basic",                    '"basic dXNlcjpwYXNz"',                           '"basic ***"'),
    ("jwt",           "a token",                  f"t={JWT}&x=1",                                   "t=***&x=1"),
    ("aws_key",       "an access key",            "key AKIAIOSFODNN7EXAMPLE",                       "key ***"),
    ("github_token",  "classic",                  "ghp_" + "a1" * 18,                               "***"),
    ("github_token",  "fine-grained",             "use github_pat_" + "A1b2" * 10,                  "use ***"),
    ("api_key",       "stripe",                   "sk_live_" + "a1" * 12,                           "***"),
    ("api_key",       "slack",                    "xoxb-123456789012-abcdef",                       "***"),
    ("api_key",       "a private key",            f"-----BEGIN {PEM}-----\nMIIE\n-----END {PEM}-----", "***"),
    ("password",      "of a pair",                "user=bob password=hunter2 n=1",                  "user=bob password=*** n=1"),
    ("password",      "in JSON",                  '{"password": "a \\"b\\"", "n": 1}',              '{"password": "***", "n": 1}'),
    ("password",      "in JSON within JSON",      '{"m":"{\\"secret\\":\\"abc\\"}"}',               '{"m":"{\\"secret\\":\\"***\\"}"}'),
    ("password",      "by another name",          "DB_PASSWD='s p'; api-key: k1",                   "DB_PASSWD='***'; api-key: ***"),
    ("password",      "in a query",               "GET /x?access_token=abc&a=1",                    "GET /x?access_token=***&a=1"),
    ("url_password",  "of a database",            "postgres://u:p4ss@db:5432/x",                    "postgres://u:***@db:5432/x"),
    ("ipv4",          "an address",               "from 192.0.2.7:443.",                            "from ***:443."),
    ("ipv6",          "an address",               "from [2001:db8::7]:443",                         "from [***]:443"),
    ("ipv6",          "loopback",                 "on ::1 now",                                     "on *** now"),
]  # fmt: skip

PASSED = [
    # detector        what                        the text
    ("email",         "no domain",                "root@localhost"),
    ("email",         "a sign alone",             "5 @ 3 and @media"),
    ("card",          "a wrong check digit",      "4111111111111112"),
    ("card",          "no issuer",                "1234567812345670"),
    ("card",          "a time",                   "1795237213123456789"),
    ("card",          "part of a longer number",  "94111111111111111112"),
    ("card",          "part of a word",           "x4111111111111111"),
    ("card",          "of a version",             "4111111111111111.5"),
    ("iban",          "a wrong check",            "DE88370400440532013000"),
    ("iban",          "too short",                "DE8937040044053201300"),
    ("iban",          "no country",               "ZZ89370400440532013000"),
    ("bearer",        "words",                    "the bearer of this"),
    ("jwt",           "two parts",                "eyJhbGciOiJIUzI1NiJ9"),
    ("aws_key",       "a word",                   "AKIA is a prefix, AKIAABC"),
    ("github_token",  "too short",                "ghp_abc"),
    ("password",      "a word",                   "the password was changed"),
    ("password",      "a key",                    "key=value keyword=x"),
    ("url_password",  "no password",              "https://a.test:443/x@y"),
    ("ipv4",          "a version",                "v1.2.3.4 and 1.2.3.4.5"),
    ("ipv4",          "too large",                "1.2.3.256"),
    ("ipv6",          "a time",                   "at 10:58:13"),
    ("ipv6",          "a name in C++",            "std::vector::size"),
    ("ipv6",          "a MAC address",            "00:1a:2b:3c:4d:5e"),
]  # fmt: skip


def redactor(**settings: Any) -> Redactor:
    made = Redactor.of(RedactionSettings.model_validate(settings))
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("detector", "text", "wanted"), [(row[0], *row[2:]) for row in FOUND], ids=[f"{row[0]}: {row[1]}" for row in FOUND]
)
def test_masks(detector: str, text: str, wanted: str) -> None:
    counts = Tallies()
    column = pa.array(["before", text, "", text, "after"])

    found = redactor(detectors={detector: "mask"}).text(column, counts)

    assert found.to_pylist() == ["before", wanted, "", wanted, "after"]
    assert counts.redactions.counts == {(detector,): 2 * wanted.count("***")}


@pytest.mark.parametrize(
    ("detector", "text"), [(row[0], row[2]) for row in PASSED], ids=[f"{row[0]}: {row[1]}" for row in PASSED]
)
def test_lets_pass(detector: str, text: str) -> None:
    column = pa.array([text, "other"])

    assert redactor(detectors={detector: "mask"}).text(column, Tallies()) is column


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=200) | st.sampled_from([row[2] for row in FOUND])))
def test_looks_miss_nothing_that_patterns_find(texts: list[str]) -> None:
    column = pa.array(texts, pa.string())
    for detector in DETECTORS.values():
        meant = {row for row, text in enumerate(texts) if detector.spans(text)}
        assert meant <= set(detector.look(column).tolist()), detector.name


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=100) | st.sampled_from([row[2] for row in FOUND])))
def test_no_line_is_lost_or_moved(texts: list[str]) -> None:
    everything = redactor(detectors=dict.fromkeys(DETECTORS, "mask"))
    found = everything.text(pa.array(texts, pa.string()), Tallies()).to_pylist()

    assert len(found) == len(texts)
    alone = [everything.text(pa.array([text], pa.string()), Tallies())[0].as_py() for text in texts]
    assert found == alone


def test_a_hash_is_the_same_for_the_same_and_needs_its_key() -> None:
    first, second = (redactor(detectors={"email": "hash"}, hash_key=key) for key in (KEY, KEY[::-1]))
    column = pa.array(["a@b.de c@d.de", "a@b.de"])

    one, two = first.text(column, Tallies()).to_pylist()
    assert one.startswith(two + " hash:")
    assert second.text(column, Tallies()).to_pylist() != [one, two]


def test_custom_detectors_hide_a_group_or_all() -> None:
    custom = [
        {"name": "badge", "regex": r"B-\d{4}", "action": "drop"},
        {"name": "seat", "regex": r"seat (?P<secret>\w+)"},
    ]
    counts = Tallies()

    found = redactor(custom=custom).text(pa.array(["B-1234 in seat 7a", "none"]), counts)

    assert found.to_pylist() == [" in seat ***", "none"]
    assert counts.redactions.counts == {("badge",): 1, ("seat",): 1}


FIELDS = [
    # what                          the line                                       the body then, its fields
    ("a text of JSON",              '{"pin": "12", "n": 12}',                      '{"pin": "***", "n": 12}',         "***"),
    ("a number of JSON",            '{"pin":12,"n":12}',                           '{"pin":"***","n":12}',            "***"),
    ("nested",                      '{"card":{"pin":"äö\\"x"}}',                   '{"card":{"pin":"***"}}',          "***"),
    ("escaped as Python does",      '{"pin":"\\u00e4\\u00f6x"}',                   '{"pin":"***"}',                   "***"),
    ("there twice",                 '{"pin":"secret1","m":"with secret1"}',        '{"pin":"***","m":"with ***"}',    "***"),
    ("logfmt",                      'pin=12 n=12',                                 'pin=*** n=12',                    "***"),
    ("logfmt in quotes",            'n=12 pin="1 2"',                              'n=12 pin=***',                    "***"),
    ("nothing",                     '{"pin":"","n":1}',                            '{"pin":"","n":1}',                ""),
]  # fmt: skip


@pytest.mark.parametrize(("line", "body", "value"), [row[1:] for row in FIELDS], ids=[row[0] for row in FIELDS])
def test_hides_a_field_in_the_line_as_well(line: str, body: str, value: str) -> None:
    (told,) = tried(line, settings="redaction: {fields: {pin: mask, card: mask}}")

    assert told["body"] == body
    assert next(text for name, text in told["fields"].items() if name.endswith("pin")) == value


def test_a_field_that_is_dropped_is_gone() -> None:
    (told,) = tried('{"user":{"name":"bob","id":1},"n":2}', settings="redaction: {fields: {user: drop}}")

    assert told["fields"] == {"n": "2"}
    assert "bob" not in told["body"]


def test_what_json_has_escaped_is_found_in_its_fields() -> None:
    (told,) = tried('{"to":"a\\u0040b.de"}', settings="redaction: {detectors: {email: mask}}")

    assert told["fields"] == {"to": "***"}


def test_attributes_are_redacted_and_are_texts_then() -> None:
    maps = pa.array([[("a", "x@y.de"), ("n", "7")], [], [("pin", "12")]], ATTRIBUTES)
    types = pa.array(["si", "", "i"])
    counts = Tallies()

    found = redactor(detectors={"email": "mask"}, fields={"pin": "mask"}).attributes(maps, types, counts)

    assert found is not None
    assert found[0].to_pylist() == [[("a", "***"), ("n", "7")], [], [("pin", "***")]]
    assert found[1].to_pylist() == ["si", "", "s"]
    assert redactor(detectors={"email": "mask"}).attributes(maps[1:], types[1:], counts) is None


def test_spans_are_redacted_too() -> None:
    row: dict[str, Any] = {
        name: [] if pa.types.is_list(kind) else None for name, kind in zip(SPANS.names, SPANS.types, strict=True)
    }
    row |= {"name": "mail a@b.de", "attributes": [("to", "a@b.de")], "attribute_types": "s"}
    row |= {"event_attributes": [[("n", "1")], [("x", "c@d.de")]], "event_types": ["i", "s"]}
    columns = (
        ("attributes", "attribute_types"),
        ("event_attributes", "event_types"),
        ("link_attributes", "link_types"),
    )

    spans = pa.Table.from_pylist([row, row], SPANS)[1:]
    (found,) = redactor(detectors={"email": "mask"}).table(spans, ("name",), columns, Tallies()).to_pylist()

    assert (found["name"], found["attributes"]) == ("mail ***", [("to", "***")])
    assert found["event_attributes"] == [[("n", "1")], [("x", "***")]]
    assert found["event_types"] == ["i", "s"]


BAD = [
    # what                  the settings                                                     what is said
    ("no such detector",    "redaction: {detectors: {e-mail: mask}}",                        'unknown detector "e-mail"; did you mean "email"?'),
    ("no such action",      "redaction: {detectors: {email: hide}}",                         'unknown value "hide"'),
    ("no key",              "redaction: {detectors: {email: hash}}",                         "the action hash needs hash_key"),
    ("a short key",         "redaction: {hash_key: abc}",                                    "cannot use a key of less than 16 characters"),
    ("no regex",            "redaction: {custom: [{name: a, regex: '('}]}",                  "cannot read the regex '(': missing closing )"),
    ("a taken name",        "redaction: {custom: [{name: email, regex: x}]}",                "cannot call a detector 'email'"),
    ("a name twice",        "redaction: {custom: [{name: a, regex: x}, {name: a, regex: y}]}", "two custom detectors called a"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_settings(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        settings_of(f"\n{text}")

    assert str(refused.value).startswith("firstlight.yaml:2: redaction")
    assert words in str(refused.value)


def test_the_key_is_not_shown() -> None:
    with pytest.raises(ConfigError) as refused:
        settings_of("redaction: {hash_key: hunter2}")

    assert "hunter2" not in str(refused.value)


HOSTILE = [
    ("digits", "4" * 20_000),
    ("groups of digits", "4111 " * 5_000),
    ("at signs", "a@" * 10_000),
    ("dots and dashes", "a.-" * 10_000),
    ("colons", "a:" * 10_000),
    ("capitals", "AB12 " * 5_000),
    ("passwords", "password" * 3_000),
    ("slashes", "://" * 10_000),
    ("begins of tokens", "eyJ" * 10_000),
    ("dashes", "-----BEGIN " * 3_000),
]


@pytest.mark.timeout(5)
@pytest.mark.parametrize("text", [row[1] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_hostile_texts_take_no_long_time(text: str) -> None:
    everything = redactor(detectors=dict.fromkeys(DETECTORS, "mask"))

    assert len(everything.text(pa.array([text]), Tallies())) == 1
