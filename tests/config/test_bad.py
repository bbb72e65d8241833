"""Bad configuration files: one fault each, and the one complaint that the user reads."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from firstlight.config.document import MAX_DEPTH
from firstlight.config.read import read
from firstlight.config.units import ByteSize, Duration, ListenAddress, Percentage
from firstlight.errors import ConfigError


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Slack(Part):
    kind: Literal["slack"]
    channel: str = "#alerts"
    token: SecretStr | None = None


class Webhook(Part):
    kind: Literal["webhook"]
    url: str


class Tls(Part):
    cert: Path
    ca: Path | None = None


class Color(Enum):
    RED = "red"
    BLUE = "blue"


def even(number: int) -> int:
    if number % 2:
        raise ValueError(f"cannot share {number} workers between two; want an even number")
    return number


class Store(Part):
    url: str = "chdb:///data"
    ttl: Duration = Field(default=3600.0, gt=60, le=86_400)
    cache: ByteSize = Field(default=1024, ge=1024)
    free: Percentage = Field(default=0.1, lt=0.5)
    name: str = Field(default="abc", min_length=2, max_length=4, pattern="^[a-z]*$")
    password: SecretStr = Field(default=SecretStr("none"), min_length=4)


class Limits(Part):
    low: int = 1
    high: int = 2

    @model_validator(mode="after")
    def _ordered(self) -> Limits:
        if self.low > self.high:
            raise ValueError(f"cannot keep {self.low} to {self.high}; want low to be no more than high")
        return self


class Settings(Part):
    store: Store = Store()
    limits: Limits = Limits()
    tls: Tls | None = None
    listen: ListenAddress = ListenAddress("127.0.0.1", 1610)
    format: Literal["json", "text"] = "text"
    color: Color = Color.RED
    workers: int | Literal["auto"] = "auto"
    bounded: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    keep: Duration | Literal["off"] = "off"
    ratio: float = 0.5
    count: int = Field(default=3, ge=1, le=10, multiple_of=1)
    half: Annotated[int, AfterValidator(even)] = 2
    on: bool = True
    cors: list[str] = Field(default=["*"], min_length=1, max_length=2)
    ports: tuple[int, ...] = ()
    labels: dict[str, str] = {}
    weights: dict[Annotated[str, Field(pattern="^[a-z]+$")], int] = {}
    receivers: dict[str, list[Annotated[Slack | Webhook, Field(discriminator="kind")]]] = {}
    version: Literal[1, 2] = 1
    anything: Any = None


BOMB = "labels:\n  a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"  {name}: &{name} [{', '.join([f'*{below}'] * 10)}]\n" for below, name in zip("abcdef", "bcdefg", strict=True)
)
A_RECEIVER = "a section of settings (kind, channel, token), or a section of settings (kind, url)"

BAD = [
    # what                                  text                                              complaint, after "firstlight.yaml:"
    ("an unknown setting",                  "stroe: {}\n",                                    '1: unknown setting "stroe"; did you mean "store"?'),
    ("one in a section",                    "store:\n  # why\n  utl: x\n",                    '3: store: unknown setting "utl"; did you mean "url"?'),
    ("one like no other",                   "limits:\n  zzz: x\n",                            '2: limits: unknown setting "zzz"; want one of high, low'),
    ("one in an entry",                     "receivers:\n  oncall:\n  - kind: slack\n    chanel: x\n", '4: receivers.oncall[0]: unknown setting "chanel"; did you mean "channel"?'),
    ("one of its sibling's",                "receivers:\n  oncall:\n  - kind: slack\n    url: x\n", '4: receivers.oncall[0]: unknown setting "url"; want one of channel, kind, token'),
    ("one that is a number",                "1: x\n",                                         '1: unknown setting "1"; want one of anything, bounded, color, cors, count, format, half, keep, labels, limits, listen, on and 8 more'),
    ("a word for a whole number",           "count: few\n",                                   "1: count: cannot read 'few'; want a whole number"),
    ("a fraction for a whole number",       "count: 1.5\n",                                   "1: count: cannot read '1.5'; want a whole number"),
    ("a truth for a whole number",          "count: true\n",                                  "1: count: cannot read 'true'; want a whole number"),
    ("hexadecimal for a whole number",      "count: 0x3\n",                                   "1: count: cannot read '0x3'; want a whole number"),
    ("a list for a whole number",           "count: [3]\n",                                   "1: count: cannot read a list; want a whole number"),
    ("a word for a number",                 "ratio: half\n",                                  "1: ratio: cannot read 'half'; want a number"),
    ("not a number for a number",           "ratio: nan\n",                                   "1: ratio: cannot use nan; want a finite number"),
    ("a word for a truth",                  "on: maybe\n",                                    "1: on: cannot read 'maybe'; want true or false"),
    ("a list for text",                     "store:\n  url: [a]\n",                           "2: store.url: cannot read a list; want text"),
    ("a mapping for text",                  "store:\n  url: {a: b}\n",                        "2: store.url: cannot read a mapping; want text"),
    ("nothing for text",                    "store:\n  url:\n",                               "2: store.url: no value given; want text"),
    ("null for a whole number",             "count: null\n",                                  "1: count: no value given; want a whole number"),
    ("nothing for a duration",              "store:\n  ttl:\n",                               "2: store.ttl: no value given; want a duration such as 15s, 1h30m or 7d"),
    ("nothing in a list",                   "cors:\n- a\n-\n",                                "3: cors[1]: no value given; want text"),
    ("text for a list",                     "cors: a\n",                                      "1: cors: cannot read 'a'; want a list, each text"),
    ("text for a mapping",                  "labels: a\n",                                    "1: labels: cannot read 'a'; want a mapping of names, each to text"),
    ("a list for a mapping",                "labels: [a]\n",                                  "1: labels: cannot read a list; want a mapping of names, each to text"),
    ("text for a section",                  "limits: many\n",                                 "1: limits: cannot read 'many'; want a section of settings (low, high)"),
    ("text for a section with a secret",    "store: chdb:///x\n",                             "1: store: cannot read the value (not shown: it may be secret); want a section of settings (url, ttl, cache, free, name, password)"),
    ("a wrong entry of a list",             "ports: [1, 2, x]\n",                             "1: ports[2]: cannot read 'x'; want a whole number"),
    ("a wrong entry of a mapping",          "labels:\n  a: b\n  c: [d]\n",                    "3: labels.c: cannot read a list; want text"),
    ("a wrong name in a mapping",           "weights:\n  A: 1\n",                             "2: weights.A: cannot use 'A'; want text that matches ^[a-z]+$"),
    ("an unknown choice",                   "format: jsn\n",                                  '1: format: unknown value "jsn"; did you mean "json"?'),
    ("a choice like no other",              "color: green\n",                                 '1: color: unknown value "green"; want one of blue, red'),
    ("a list for a choice",                 "format: [json]\n",                               "1: format: cannot read a list; want one of json, text"),
    ("an unknown number of a choice",       "version: 3\n",                                   "1: version: cannot read 3; want one of 1, 2"),
    ("neither a number nor the word",       "workers: many\n",                                "1: workers: cannot read 'many'; want a whole number, or auto"),
    ("a number beyond, where a word may be", "bounded: 0\n",                                  "1: bounded: cannot use 0; want 1 or more"),
    ("neither a duration nor the word",     "keep: of\n",                                     "1: keep: cannot read 'of'; want a duration such as 15s, 1h30m or 7d, or off"),
    ("too small",                           "count: 0\n",                                     "1: count: cannot use 0; want 1 or more"),
    ("too large",                           "count: 11\n",                                    "1: count: cannot use 11; want 10 or less"),
    ("too short a duration",                "store:\n  ttl: 1m\n",                            "2: store.ttl: cannot use 1m; want more than 1m"),
    ("too long a duration",                 "store:\n  ttl: 2d\n",                            "2: store.ttl: cannot use 2d; want 1d or less"),
    ("a duration without a unit",           "store:\n  ttl: 90\n",                            "2: store.ttl: cannot read '90' as a duration: it has no unit; write 90s for seconds"),
    ("a list for a duration",               "store:\n  ttl: [90s]\n",                         "2: store.ttl: cannot read a list; want a duration such as 15s, 1h30m or 7d"),
    ("too small a size",                    "store:\n  cache: 1KB\n",                         "2: store.cache: cannot use 1KB; want 1KiB or more"),
    ("too large a percentage",              "store:\n  free: 50%\n",                          "2: store.free: cannot use 50%; want less than 50%"),
    ("a port alone",                        "listen: 4317\n",                                 "1: listen: cannot read '4317' as an address to listen on: it has no host; write 127.0.0.1:4317, or :4317 for every interface"),
    ("text too short",                      "store:\n  name: a\n",                            "2: store.name: cannot use 'a'; want 2 or more characters"),
    ("text too long",                       "store:\n  name: abcde\n",                        "2: store.name: cannot use 'abcde'; want 4 or fewer characters"),
    ("text that does not match",            "store:\n  name: A1\n",                           "2: store.name: cannot use 'A1'; want text that matches ^[a-z]*$"),
    ("an empty list",                       "cors: []\n",                                     "1: cors: cannot use []; want 1 or more entries"),
    ("a list too long",                     "cors: [a, b, c]\n",                              "1: cors: cannot use a list; want 2 or fewer entries"),
    ("what a check of a setting refuses",   "half: 3\n",                                      "1: half: cannot share 3 workers between two; want an even number"),
    ("what a check of a section refuses",   "limits:\n  low: 3\n",                            "1: limits: cannot keep 3 to 2; want low to be no more than high"),
    ("a setting that is required",          "on: true\ntls:\n  ca: x\n",                      "2: tls.cert: required, but not set; want a path"),
    ("a kind that is required",             "receivers:\n  a:\n  - url: x\n",                 "3: receivers.a[0].kind: required, but not set; want slack, or webhook"),
    ("an unknown kind",                     "receivers:\n  a:\n  - kind: slak\n",             '3: receivers.a[0].kind: unknown value "slak"; did you mean "slack"?'),
    ("text for an entry",                   "receivers:\n  a: [slack]\n",                     f"2: receivers.a[0]: cannot read the value (not shown: it may be secret); want {A_RECEIVER}"),
    ("a secret too short",                  "store:\n  password: abc\n",                      "2: store.password: cannot use the value (not shown: it may be secret); want 4 or more characters"),
    ("a secret that is a list",             "store:\n  password: [hunter2]\n",                "2: store.password: cannot read the value (not shown: it may be secret); want text (a secret)"),
    ("a password in a URL",                 "count: http://me:hunter2@host\n",                "1: count: cannot read 'http://me:***@host'; want a whole number"),
    ("a setting given twice",               "count: 1\non: true\ncount: 2\n",                 "3: count: set twice, first on line 1; keep one"),
    ("one given twice in one line",         "limits: {low: 1, low: 2}\n",                     "1: limits.low: set twice, first on line 1; keep one"),
    ("a name given twice",                  "labels:\n  a: b\n  'a': c\n",                    "3: labels.a: set twice, first on line 2; keep one"),
    ("a list for a name",                   "labels:\n  [a]: b\n",                            "2: cannot read the YAML: found a key that is not a word; want lines such as `name: value`"),
    ("nothing for a name",                  "labels:\n  ~: b\n",                              "2: cannot read the YAML: found a key that is not a word; want lines such as `name: value`"),
    ("a list for everything",               "- count\n",                                      "1: cannot read a list as settings; want lines such as `name: value`"),
    ("a word for everything",               "hunter2\n",                                      "1: cannot read a single value as settings; want lines such as `name: value`"),
    ("a tab for indentation",               "store:\n\turl: x\n",                             "2: cannot read the YAML: found a tab in the indentation; want spaces"),
    ("a tab after spaces",                  "store:\n  url: x\n\tname: x\n",                  "3: cannot read the YAML: found a tab in the indentation; want spaces"),
    ("a quote left open",                   "on: true\nstore:\n  url: 'x\ncount: 1\n",        "3: cannot read the YAML: the quote opened here is not closed"),
    ("a value without a name",              "labels:\n  : b\n",                               "2: cannot read the YAML: this line does not fit its section, begun on line 2; mend the indentation"),
    ("a file that ends too early",          "cors: [\n",                                      "2: cannot read the YAML: found the end where a value should be; write it in quotes, or close the list"),
    ("a list left open",                    "cors: [a\ncount: 1\n",                           '1: cannot read the YAML: the list opened here with "[" is not closed with "]"'),
    ("a mapping left open",                 "labels: {a: b\ncount: 1\n",                      '1: cannot read the YAML: the mapping opened here with "{" is not closed with "}"'),
    ("indentation that fits nothing",       "store:\n  url: x\n name: y\n",                   "3: cannot read the YAML: this line does not fit its section, begun on line 1; mend the indentation"),
    ("indentation below a value",           "count: 1\n  on: true\n",                         '2: cannot read the YAML: found ": " within a value; write it in quotes, or mend the indentation'),
    ("a colon in a value",                  "store:\n  url: a: b\n",                          '2: cannot read the YAML: found ": " within a value; write it in quotes, or mend the indentation'),
    ("an address without quotes",           "listen: [::1]:4317\n",                           "1: cannot read the YAML: found ':' where a value should be; write it in quotes, or close the list"),
    ("a value that starts with @",          "store:\n  url: @x\n",                            "2: cannot read the YAML: found '@' at the start of a value; write the value in quotes"),
    ("a character that cannot be seen",     "on: true\ncount: \x07\n",                        r"2: cannot read the YAML: found the character '\x07'; want text that can be printed"),
    ("a second document",                   "count: 1\n---\ncount: 2\n",                      "2: cannot read the YAML: found a second document after ---; want one"),
    ("an alias of nothing",                 "count: 1\nhalf: *x\n",                           "2: cannot read the YAML: found an alias whose anchor is nowhere above it"),
    ("an alias of itself",                  "cors: &a [*a]\n",                                f"1: cannot read the YAML: its aliases are nested deeper than {MAX_DEPTH} levels"),
    ("aliases that multiply",               BOMB,                                             "2: cannot read the YAML: its aliases stand for more than 100000 values; write them out"),
    ("a merge key",                         "limits: &l {low: 1}\nstore:\n  <<: *l\n",        "3: cannot read the YAML: found the merge key <<; write the settings out"),
    ("a tag",                               "count: !!python/name:os.system\n",               "1: cannot read the YAML: found the tag 'tag:yaml.org,2002:python/name:os.system'; want plain YAML without tags"),
    ("a tag of one's own",                  "count: !env COUNT\n",                            "1: cannot read the YAML: found the tag '!env'; want plain YAML without tags"),
    ("nesting without end",                 "cors: " + "[" * 100_000,                         f"1: cannot read the YAML: it is nested deeper than {MAX_DEPTH} levels"),
    ("nesting with an end",                 "anything: " + "[" * 400 + "]" * 400,             f"1: cannot read the YAML: it is nested deeper than {MAX_DEPTH} levels"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "complaint"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_a_fault_is_told_with_its_place(text: str, complaint: str) -> None:
    """One fault makes one complaint, with its line and in our words."""
    with pytest.raises(ConfigError) as caught:
        read(Settings, text=text)

    assert str(caught.value) == f"firstlight.yaml:{complaint}"


def test_all_faults_are_told_at_once() -> None:
    """Whoever mends a file is not sent back once for each fault."""
    with pytest.raises(ConfigError) as caught:
        read(
            Settings,
            text="count: x\nstore:\n  utl: x\n  url: a\n  url: b\nlimits: {low: 9}\n",
            environ={"FIRSTLIGHT_RATIO": "x", "FIRSTLIGHT_NO": "x", "FIRSTLIGHT_CORS": "[a"},
            overrides=["on=maybe", "half=3"],
        )

    assert str(caught.value).splitlines() == [
        "firstlight.yaml:1: count: cannot read 'x'; want a whole number",
        'firstlight.yaml:3: store: unknown setting "utl"; did you mean "url"?',
        "firstlight.yaml:5: store.url: set twice, first on line 4; keep one",
        "firstlight.yaml:6: limits: cannot keep 9 to 2; want low to be no more than high",
        'FIRSTLIGHT_CORS: cannot read the YAML: the list opened here with "[" is not closed with "]"',
        "FIRSTLIGHT_RATIO: cannot read 'x'; want a number",
        'environment: unknown variable "FIRSTLIGHT_NO"; did you mean "FIRSTLIGHT_ON"?',
        "--set on: cannot read 'maybe'; want true or false",
        "--set half: cannot share 3 workers between two; want an even number",
    ]


def test_a_secret_is_in_no_traceback() -> None:
    """Nothing that pydantic was given hangs on the error."""
    with pytest.raises(ConfigError) as caught:
        read(Settings, text="store:\n  password: [hunter2]\n")

    assert caught.value.__context__ is None
    assert "hunter2" not in repr(caught.value)


TOKENS = st.sampled_from(
    ["store", "url", "labels", "cors", "count", ":", ": ", "\n", "\n  ", "- ", "[", "]", "{", "}", ", ", "'", '"', "&a ", "*a", "<<", "!", "|", ">", "#", "? ", "---", "\t", "%", "0", "~", "é", "\x00", "\ud800", "\x85"]
)  # fmt: skip


@given(st.lists(TOKENS, max_size=30).map("".join), st.text())
def test_any_text_is_read_or_refused(yaml: str, text: str) -> None:
    """Nothing but `ConfigError` comes out of bad files, variables and arguments."""
    try:
        read(Settings, text=yaml, environ={"FIRSTLIGHT_CORS": text, "FIRSTLIGHT_STORE_TTL": text}, overrides=[text])
    except ConfigError as error:
        complaints = error.complaints
    else:
        return

    assert complaints
