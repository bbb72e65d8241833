"""Bodies of text: what lines mean, which are refused and why, and that what is quick is what is exact."""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Callable

import numpy as np
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families as text_families

from firstlight.wire.prometheus.book import Book
from firstlight.wire.prometheus.exposition import NO_TIME, NORMAL_NAN, BadExposition, Exposition, Family
from firstlight.wire.prometheus.floats import float_label, normal_label, read_float, read_floats
from firstlight.wire.prometheus.reader import TextReader

Line = tuple[str, float, int | None]


def reader(*, openmetrics: bool = False) -> TextReader:
    return TextReader(Book(), "default", openmetrics=openmetrics)


def lines(of: TextReader, found: Exposition) -> list[Line]:
    """Return the samples as ``name{label=value}``, value and time."""
    times = [NO_TIME] * len(found.keys) if found.times is None else found.times.tolist()
    return [
        (_series(of, key), value, None if time == NO_TIME else time)
        for key, value, time in zip(found.keys, found.values.tolist(), times, strict=True)
    ]


def _series(of: TextReader, key: bytes) -> str:
    labels = of.page.labels(key) or {}
    return labels.pop("__name__") + "".join(f" {name}={value}" for name, value in sorted(labels.items()))


@pytest.mark.parametrize(
    ("text", "series", "value", "time"),
    [
        pytest.param("a 1", "a", 1.0, None, id="a name and a value"),
        pytest.param('a{b="c"} 1', "a b=c", 1.0, None, id="a label"),
        pytest.param('a{b="c",d="e",} 1', "a b=c d=e", 1.0, None, id="a comma at the end"),
        pytest.param('a{b="c" d="e"} 1', "a b=c d=e", 1.0, None, id="no comma between labels"),
        pytest.param("a{} 1", "a", 1.0, None, id="no labels in braces"),
        pytest.param(' \ta { b = "c" , d="e" }\t1 \t2 ', "a b=c d=e", 1.0, 2, id="blanks wherever they may be"),
        pytest.param('a{b="c"}1', "a b=c", 1.0, None, id="no blank before the value"),
        pytest.param('a{b="c d"} 1 5', "a b=c d", 1.0, 5, id="a blank in a label, and a timestamp"),
        pytest.param(r'a{b="\\ \" \n \x"} 1', 'a b=\\ " \n \\x', 1.0, None, id="backslashes"),
        pytest.param('a{b="c\nd 1\n"} 1', "a b=c\nd 1\n", 1.0, None, id="a value over several lines"),
        pytest.param('{"é.b",c="d"} 1', "é.b c=d", 1.0, None, id="a name in UTF-8"),
        pytest.param('{c="d","e"} 1', "e c=d", 1.0, None, id="a name after a label"),
        pytest.param('a{"b.c"="d"} 1', "a b.c=d", 1.0, None, id="a label's name in UTF-8"),
        pytest.param("a +Inf", "a", np.inf, None, id="infinity"),
        pytest.param("a -iNf", "a", -np.inf, None, id="infinity in odd letters"),
        pytest.param("a 1.5e-3", "a", 0.0015, None, id="an exponent"),
        pytest.param("a:b .5", "a:b", 0.5, None, id="a colon, a point first"),
    ],
)
def test_a_line_of_text(text: str, series: str, value: float, time: int | None) -> None:
    of = reader()
    body = f"# TYPE x gauge\n{text}\nother 2\n".encode()

    first, second, third = (lines(of, of.read(body)) for _ in range(3))

    assert first == second == third == [(series, value, time), ("other", 2.0, None)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("1a 1", "want a metric's name", id="a digit first"),
        pytest.param("a", "want a value", id="no value"),
        pytest.param("a b", "not a number", id="a word as value"),
        pytest.param("a 1_0", "not a number", id="an underscore in a number"),
        pytest.param("a 0x1p3", "not a number", id="a number to the base 16"),
        pytest.param("a 1e999", "beyond the range", id="a number too large"),
        pytest.param("a +NaN", "not a number", id="a sign before NaN"),
        pytest.param("a 1\r", "not a number", id="a carriage return"),
        pytest.param("a 1 1.5", "want the end of the line", id="a fraction as timestamp"),
        pytest.param("a 1 -5", "want a timestamp", id="a negative timestamp"),
        pytest.param("a 1 5 6", "want the end of the line", id="more after the timestamp"),
        pytest.param("a 1 # {} 1", "want a timestamp", id="an exemplar"),
        pytest.param("a{b} 1", "want =", id="a label without value"),
        pytest.param("a{b=c} 1", "double quotes", id="a value without quotes"),
        pytest.param("a{b='c'} 1", "double quotes", id="the wrong quotes"),
        pytest.param('a{,b="c"} 1', "want a label's name", id="a comma first"),
        pytest.param('a{b="c",,} 1', "want a label's name", id="two commas"),
        pytest.param('a{b="c"', "want a label's name", id="no closing brace"),
        pytest.param('a{b="c"=} 1', "want a label's name", id="a second ="),
        pytest.param('a{b="c', "double quotes", id="no closing quote"),
        pytest.param('a{"b"} 1', "second metric name", id="two names"),
        pytest.param('{b="c"} 1', "no metric name", id="no name"),
        pytest.param('a{b="c",b="d"} 1', "'b' twice", id="a label twice"),
        pytest.param("# TYPE a counters", "want one of the types", id="an unknown type"),
        pytest.param("# TYPE a", "want one of the types", id="no type"),
        pytest.param("# HELP 1a x", "want a metric's name", id="help of no name"),
    ],
)
def test_a_bad_line_of_text(text: str, reason: str) -> None:
    of = reader()
    of.read(b"good 1\n\ngood 2\n")
    of.read(b"good 1\n\ngood 2\n")

    with pytest.raises(BadExposition, match=reason) as caught:
        of.read(b"good 1\n\n" + text.encode())

    assert caught.value.line == 3
    assert "line 3: " in str(caught.value)


def test_what_is_not_utf_8_is_refused() -> None:
    with pytest.raises(BadExposition, match="UTF-8"):
        reader().read(b'a{b="\xff"} 1\n')


def test_comments_and_metadata_of_text() -> None:
    found = reader().read(
        b'# a comment\n#\n# HELP a One\\\\two\\nthree \\" four\n#  TYPE\ta counter\n# TYPE b untyped\n# HELPLESS\na 1\n'
    )

    assert found.families == (Family("a", "counter", 'One\\two\nthree \\" four'), Family("b", "unknown"))


@pytest.mark.parametrize(
    ("text", "series", "value", "time"),
    [
        pytest.param("a 1", "a", 1.0, None, id="a name and a value"),
        pytest.param('a{b="c d"} 1 1.5', "a b=c d", 1.0, 1500, id="a time in seconds"),
        pytest.param("a 1 -1.5e3", "a", 1.0, -1_500_000, id="a time before 1970"),
        pytest.param('{"é",b="c"} 1', "é b=c", 1.0, None, id="a name in UTF-8"),
        pytest.param('a_bucket{le="1"} 1 # {x="y z"} 0.5', "a_bucket le=1", 1.0, None, id="an exemplar"),
        pytest.param('a_bucket{le="1"} 1 2 # {} 0.5 3', "a_bucket le=1", 1.0, 2000, id="an exemplar after a time"),
    ],
)
def test_a_line_of_openmetrics(text: str, series: str, value: float, time: int | None) -> None:
    of = reader(openmetrics=True)
    body = f"# TYPE x gauge\n{text}\nother 2\n# EOF\n".encode()

    bodies = [of.read(body) for _ in range(3)]

    assert [lines(of, one) for one in bodies] == [[(series, value, time), ("other", 2.0, None)]] * 3
    assert bodies[0].exemplars == bodies[1].exemplars == bodies[2].exemplars
    assert len(bodies[0].exemplars) == text.count("#")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("a  1", "one space", id="two spaces"),
        pytest.param("a\t1", "one space", id="a tab"),
        pytest.param(" a 1", "want a metric's name", id="a blank first"),
        pytest.param("", "want a metric's name", id="an empty line"),
        pytest.param('a{b="c", d="e"} 1', "want a label's name", id="a blank between labels"),
        pytest.param('a{b="c"d="e"} 1', "want a comma", id="no comma between labels"),
        pytest.param("# a comment", "want # HELP", id="a comment"),
        pytest.param("a 1 x", "not a number", id="a word as time"),
        pytest.param("a 1 NaN", "not a time", id="NaN as time"),
        pytest.param('a 1 # {b="c"}', "want a value after the exemplar", id="an exemplar without value"),
        pytest.param('a 1 # {"b"} 1', "want =", id="a name in an exemplar"),
        pytest.param("# UNIT a_seconds meters", "name ends with", id="a unit not in the name"),
        pytest.param("# EOF\na 1", "more after # EOF", id="more after the end"),
    ],
)
def test_a_bad_line_of_openmetrics(text: str, reason: str) -> None:
    of = reader(openmetrics=True)
    of.read(b"good 1\n# EOF\n")
    of.read(b"good 1\n# EOF\n")

    with pytest.raises(BadExposition, match=reason) as caught:
        of.read(b"good 1\n" + text.encode() + b"\n# EOF\n")

    assert caught.value.line == 2


@pytest.mark.parametrize("body", [b"", b"a 1\n", b"a 1\n# EO", b"a 1\n#EOF\n"])
def test_openmetrics_must_end(body: bytes) -> None:
    with pytest.raises(BadExposition, match="# EOF"):
        reader(openmetrics=True).read(body)


def test_exemplars_are_told_with_their_samples() -> None:
    of = reader(openmetrics=True)
    body = b'# TYPE a counter\nb 1\na_total 1 # {trace_id="x\\"y"} 0.5 1.5\nc 3\n# EOF\n'
    for _ in range(3):
        [exemplar] = of.read(body).exemplars

        assert exemplar == (1, 0.5, 1500, [(b"trace_id", b'x"y')])


def test_created_series_tell_when_counters_began() -> None:
    of = reader(openmetrics=True)
    body = (
        b'# TYPE a counter\na_total{b="1"} 5\na_created{b="1"} 1.5\na_total{b="2"} 6\n'
        b'# TYPE h histogram\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\nh_created 2\n# TYPE g gauge\ng 1\ng_created 9\n# EOF\n'
    )
    for _ in range(3):
        found = of.read(body)

        assert found.starts is not None
        assert found.starts.tolist() == [1500, 0, 0, 2000, 2000, 2000, 0, 0, 0]


@pytest.mark.parametrize("openmetrics", [False, True])
def test_bounds_and_quantiles_are_written_in_one_way(openmetrics: bool) -> None:
    of = reader(openmetrics=openmetrics)
    body = (
        b'# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="2.50"} 1\nh_bucket{le="x"} 1\n'
        b'# TYPE s summary\ns{quantile="0"} 1\n# TYPE g gauge\ng{le="1",quantile="1"} 1\n# EOF\n'
    )
    for _ in range(3):
        assert [series for series, _, _ in lines(of, of.read(body))] == [
            "h_bucket le=1.0", "h_bucket le=2.5", "h_bucket le=x", "s quantile=0.0", "g le=1 quantile=1",
        ]  # fmt: skip


def test_a_new_series_between_known_ones_is_read_in_the_context_of_its_type() -> None:
    of = reader()
    for _ in range(3):
        of.read(b'# TYPE h histogram\nh_bucket{le="1"} 1\n# TYPE g gauge\ng 1\n')

    found = of.read(b'# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="2"} NaN\n# TYPE g gauge\ng 1\n')

    assert [series for series, _, _ in lines(of, found)] == ["h_bucket le=1.0", "h_bucket le=2.0", "g"]


def test_another_type_makes_other_series() -> None:
    of = reader()
    of.read(b'# TYPE h histogram\nh_bucket{le="1"} 1\n')
    of.page.find(of.read(b'# TYPE h histogram\nh_bucket{le="1"} 1\n').keys)

    assert lines(of, of.read(b'# TYPE h gauge\nh_bucket{le="1"} 1\n')) == [("h_bucket le=1", 1.0, None)]


def test_nan_that_is_exposed_is_never_the_sign_that_a_series_ended() -> None:
    of = reader()
    for _ in range(3):
        bits = of.read(b"# HELP a b\n# HELP c d\na NaN\nb nan\n").values.view(np.uint64)

        assert bits.tolist() == [0x7FF8000000000001] * 2


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"), (1.0, "1.0"), (-1.0, "-1.0"), (0.5, "0.5"), (10.0, "10.0"), (100000.0, "100000.0"),
        (1e6, "1e+06"), (1234567.5, "1.2345675e+06"), (0.0001, "0.0001"), (0.00001, "1e-05"), (1e100, "1e+100"),
        (np.inf, "+Inf"), (-np.inf, "-Inf"), (np.nan, "NaN"), (-2.5e-7, "-2.5e-07"),
    ],
)  # fmt: skip
def test_numbers_in_labels(value: float, text: str) -> None:
    assert float_label(value) == text
    assert normal_label(text) == text


@pytest.mark.parametrize("others", [[], [b"+1"]], ids=["as columns", "one by one"])
@pytest.mark.parametrize(
    "text",
    ["0", "-0", "1", "1.", ".5", "1e5", "1E-5", "-1.7976931348623157e308", "4.9e-324", "2.2250738585072011e-308",
     "0.1", "123456789012345678901234567890", "9007199254740993", "NaN", "nan", "inf", "Inf", "-Infinity", "+inf",
     "", ".", "e5", "1e", "1e+", "--1", "+-1", "1_0", "0x10", "1e999", "-1e999", "-nan", "+nan", "in", "nana", "1 ", " 1",
     "1\t", "1\r", "١", "1f", "1d"],
)  # fmt: skip
def test_numbers_are_read_in_one_way(text: str, others: list[bytes]) -> None:
    def outcome(read: Callable[[], float]) -> object:
        try:
            return struct.pack("d", read())
        except ValueError:
            return "no number"

    one = text.encode()
    many = outcome(lambda: float(read_floats([one, *others])[0]))

    assert many == outcome(lambda: NORMAL if math.isnan(found := read_float(one)) else found)


NORMAL = float(NORMAL_NAN)

ALPHABET = ["a", "b_total", '{', '}', '"', "le", "=", ",", " ", "  ", "\t", "\\", "\n", "# ", "TYPE ", "HELP ", "# EOF",
            "1", "-2.5", "NaN", "+Inf", "1e9", "é", "histogram", "counter", '{le="1"}', '{x="y z"}', " 3", " #", " # {t=\"u\"} 1"]  # fmt: skip


@pytest.mark.parametrize("openmetrics", [False, True])
def test_the_quick_way_says_what_the_exact_one_does(openmetrics: bool) -> None:
    chance = random.Random(3)
    base = ["# TYPE b counter", 'b_total{x="y z"} 1', 'b_total{x="w"} 2 3', "# HELP a text", "a 1", 'a{x="1"} 2']
    if openmetrics:
        base += ['a{x="2"} 2 4 # {t="u"} 1 5', 'a{x="3"} 2 # {} 1']
    knowing = reader(openmetrics=openmetrics)
    for _ in range(1500):
        body = list(base)
        for _ in range(chance.randrange(3)):
            place = chance.randrange(len(body))
            at = chance.choice((chance.randrange(len(body[place]) + 1), len(body[place])))
            body[place] = body[place][:at] + chance.choice(ALPHABET) + body[place][at + chance.randrange(2) :]
        text = ("\n".join(body) + "\n# EOF\n").encode()

        assert _outcome(knowing, text) == _outcome(reader(openmetrics=openmetrics), text), text
        knowing.page.find(list(knowing.read(("\n".join(base) + "\n# EOF\n").encode()).keys))


def _outcome(of: TextReader, body: bytes) -> object:
    try:
        found = of.read(body)
    except BadExposition as error:
        return str(error)
    of.page.find(found.keys)
    return [(series, struct.pack("d", value), time) for series, value, time in lines(of, found)], found.exemplars


@pytest.mark.parametrize("openmetrics", [False, True])
def test_the_samples_are_those_that_the_clients_reader_finds(openmetrics: bool) -> None:
    body = 'a_total{b="c"} 1.5\n# TYPE h histogram\nh_bucket{le="0.5"} 1\nh_bucket{le="+Inf"} 2\nh_sum 3\nh_count 2\n'
    body = "# HELP a Text\n# TYPE a counter\n" + body + ("# EOF\n" if openmetrics else "")
    parse = openmetrics_families if openmetrics else text_families
    of = reader(openmetrics=openmetrics)

    theirs = [
        (sample.name + "".join(f" {name}={value}" for name, value in sorted(sample.labels.items())), sample.value, None)
        for family in parse(body)
        for sample in family.samples
    ]

    assert sorted(lines(of, of.read(body.encode()))) == sorted(theirs)
