"""The texts that Prometheus scrapes: as written, and as others read them."""

from __future__ import annotations

import math
import shutil
import subprocess
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstlight.wire.exposition import Family, FamilyType, Sample, encode_openmetrics, encode_text, float_text

NO_PARSER = "prometheus-client, whose parsers judge, is not installed"

REQUESTS = Family(
    "http_requests",
    FamilyType.COUNTER,
    "Requests answered.",
    (
        Sample("_total", (("code", "200"), ("path", "/")), 7.0),
        Sample("_created", (("code", "200"), ("path", "/")), 1.5e9),
    ),
)
DURATION = Family(
    "duration_seconds",
    FamilyType.HISTOGRAM,
    "How long it took.",
    (
        Sample("_bucket", (("le", "0.5"),), 1),
        Sample("_bucket", (("le", "+Inf"),), 3),
        Sample("_sum", (), 4.25),
        Sample("_count", (), 3),
    ),
    unit="seconds",
)
BUILD = Family("build", FamilyType.INFO, "What this is.", (Sample("_info", (("version", "1"),), 1),))

TEXTS: list[tuple[str, Family, str, str]] = [
    (
        "a counter",
        REQUESTS,
        """\
# HELP http_requests_total Requests answered.
# TYPE http_requests_total counter
http_requests_total{code="200",path="/"} 7.0
""",
        """\
# TYPE http_requests counter
# HELP http_requests Requests answered.
http_requests_total{code="200",path="/"} 7.0
http_requests_created{code="200",path="/"} 1500000000.0
# EOF
""",
    ),
    (
        "a histogram with a unit",
        DURATION,
        """\
# HELP duration_seconds How long it took.
# TYPE duration_seconds histogram
duration_seconds_bucket{le="0.5"} 1
duration_seconds_bucket{le="+Inf"} 3
duration_seconds_sum 4.25
duration_seconds_count 3
""",
        """\
# TYPE duration_seconds histogram
# UNIT duration_seconds seconds
# HELP duration_seconds How long it took.
duration_seconds_bucket{le="0.5"} 1
duration_seconds_bucket{le="+Inf"} 3
duration_seconds_sum 4.25
duration_seconds_count 3
# EOF
""",
    ),
    (
        "an info",
        BUILD,
        """\
# HELP build_info What this is.
# TYPE build_info gauge
build_info{version="1"} 1
""",
        """\
# TYPE build info
# HELP build What this is.
build_info{version="1"} 1
# EOF
""",
    ),
    (
        "of no known type, without help",
        Family("x", FamilyType.UNKNOWN, "", (Sample("", (), -2.5),)),
        "# TYPE x untyped\nx -2.5\n",
        "# TYPE x unknown\nx -2.5\n# EOF\n",
    ),
    (
        "without samples",
        Family("x", FamilyType.GAUGE, "None yet.", ()),
        "# HELP x None yet.\n# TYPE x gauge\n",
        "# TYPE x gauge\n# HELP x None yet.\n# EOF\n",
    ),
    (
        "what has to be escaped",
        Family("x", FamilyType.GAUGE, 'a "b"\\n\nc', (Sample("", (("l", 'a "b"\\n\nc'),), 1),)),
        r"""# HELP x a "b"\\n\nc
# TYPE x gauge
x{l="a \"b\"\\n\nc"} 1
""",
        r"""# TYPE x gauge
# HELP x a \"b\"\\n\nc
x{l="a \"b\"\\n\nc"} 1
# EOF
""",
    ),
    (
        "what is not Unicode",
        Family("x", FamilyType.GAUGE, "\ud800", (Sample("", (("l", "é\udc00"),), 1),)),
        '# HELP x ?\n# TYPE x gauge\nx{l="é?"} 1\n',
        '# TYPE x gauge\n# HELP x ?\nx{l="é?"} 1\n# EOF\n',
    ),
]
"""What a family is, the family, its text in 0.0.4, its text in OpenMetrics."""


@pytest.mark.parametrize(("family", "text", "openmetrics"), [row[1:] for row in TEXTS], ids=[row[0] for row in TEXTS])
def test_encodes(family: Family, text: str, openmetrics: str) -> None:
    """A family is written in the words of either format, and OpenMetrics ends in its mark."""
    assert encode_text([family]).decode() == text
    assert encode_openmetrics([family]).decode() == openmetrics


def test_nothing_to_say() -> None:
    """No families are an empty text, which in OpenMetrics has an end."""
    assert encode_text([]) == b""
    assert encode_openmetrics([]) == b"# EOF\n"


NUMBERS = [(1, "1"), (0.1, "0.1"), (-0.0, "-0.0"), (1e-7, "1e-07"), (1e300, "1e+300"), (2**53, "9007199254740992"), (math.inf, "+Inf"), (-math.inf, "-Inf"), (math.nan, "NaN")]  # fmt: skip


@pytest.mark.parametrize(("number", "want"), NUMBERS)
def test_numbers(number: float, want: str) -> None:
    """Numbers are written in the fewest digits that say them, and infinities with their sign."""
    assert float_text(number) == want


ANY_TEXT = st.text(alphabet=st.characters(codec="utf-8"), max_size=10)
HELP = ANY_TEXT.map(str.strip)  # the parsers strip it
LABELS = st.dictionaries(st.sampled_from(["a", "b_2", "C"]), ANY_TEXT, max_size=3).map(
    lambda found: tuple(found.items())
)


@st.composite
def families(draw: st.DrawFn) -> list[Family]:
    """Draw one family of each type, as whoever makes families makes them."""
    numbers = st.floats(allow_nan=False) | st.integers(-(2**53), 2**53)
    counts = st.floats(min_value=0, allow_nan=False, allow_infinity=False)
    label_sets = draw(st.lists(LABELS, max_size=3, unique_by=frozenset))
    return [
        Family("c", FamilyType.COUNTER, draw(HELP), tuple(Sample("_total", one, draw(counts)) for one in label_sets)),
        Family("g", FamilyType.GAUGE, draw(HELP), tuple(Sample("", one, draw(numbers)) for one in label_sets)),
        Family("u", FamilyType.UNKNOWN, draw(HELP), tuple(Sample("", one, draw(numbers)) for one in label_sets)),
        Family("i", FamilyType.INFO, draw(HELP), tuple(Sample("_info", one, 1) for one in label_sets)),
        Family("h_bytes", FamilyType.HISTOGRAM, draw(HELP), histogram_samples(label_sets), unit="bytes"),
    ]


def histogram_samples(label_sets: Iterable[tuple[tuple[str, str], ...]]) -> tuple[Sample, ...]:
    return tuple(
        sample
        for labels in label_sets
        for sample in (
            *(Sample("_bucket", (*labels, ("le", bound)), index) for index, bound in enumerate(["0.5", "1.0", "+Inf"])),
            Sample("_sum", labels, 2.5),
            Sample("_count", labels, 2),
        )
    )


def said(family: Family) -> set[tuple[str, frozenset[tuple[str, str]], float]]:
    return {(family.name + one.suffix, frozenset(one.labels), float(one.value)) for one in family.samples}


@given(families())
def test_read_back_by_the_text_parser(written: list[Family]) -> None:
    """Prometheus' own Python parser reads the same samples and help from 0.0.4."""
    parser = pytest.importorskip("prometheus_client.parser", reason=NO_PARSER)
    read = {family.name: family for family in parser.text_string_to_metric_families(encode_text(written).decode())}

    for family, name in zip(written, ["c", "g", "u", "i_info", "h_bytes"], strict=True):
        samples = {(one.name, frozenset(one.labels.items()), one.value) for one in read[name].samples}
        assert samples == said(family)
        assert read[name].documentation == family.help


@given(families())
def test_read_back_by_the_openmetrics_parser(written: list[Family]) -> None:
    """The stricter parser of OpenMetrics reads the same samples, types, help and units."""
    parser = pytest.importorskip("prometheus_client.openmetrics.parser", reason=NO_PARSER)
    text = encode_openmetrics(written).decode()
    read = {family.name: family for family in parser.text_string_to_metric_families(text)}

    for family in written:
        samples = {(one.name, frozenset(one.labels.items()), one.value) for one in read[family.name].samples}
        assert samples == said(family)
        assert (read[family.name].documentation, read[family.name].type) == (family.help, family.type)
        assert read[family.name].unit == family.unit


def test_promtool_has_no_complaints() -> None:
    """The checker of Prometheus accepts a text with a family of each type."""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: apt install prometheus)")
    text = encode_text([REQUESTS, DURATION, BUILD])

    checked = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, check=False, timeout=60)

    assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")
