"""Reading: what is meant by what is written, which source wins, and what the environment may hold."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from firstlight.config.read import environment_names, read
from firstlight.config.units import ByteSize, Duration, ListenAddress
from firstlight.errors import ConfigError


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Slack(Part):
    kind: Literal["slack"] = "slack"
    channel: str = "#alerts"


class Mail(Part):
    kind: Literal["mail"]
    to: str


class Tls(Part):
    cert: str
    ca: str | None = None


class Store(Part):
    url: str = "chdb:///data"
    max_rows: int = 5
    ttl: Duration | None = 60.0
    cache: ByteSize | Literal["auto"] = "auto"
    token: SecretStr | None = None


class Settings(Part):
    store: Store = Store()
    tls: Tls | None = None
    listen: ListenAddress = ListenAddress("127.0.0.1", 1610)
    on: bool = True
    version: Literal[1, 2] = 1
    tags: tuple[str, ...] = ("x",)
    labels: dict[str, str] = {}
    receivers: dict[str, Annotated[Slack | Mail, Field(discriminator="kind")]] = {}
    source: str = Field(default="", alias="from")
    anything: Any = None


MEANT: list[tuple[str, str, dict[str, Any]]] = [
    # what                                  text                                   settings that differ from the defaults
    ("an empty file",                       "",                                    {}),
    ("nothing but comments",                "# count: 1\n",                        {}),
    ("nothing but a document",              "---\n",                               {}),
    ("a byte order mark",                   "\ufeffon: false\n",                   {"on": False}),
    ("a section with its lines commented",  "store:\n  # url: x\n",                {}),
    ("a list with its lines commented",     "tags:\n  # - a\n",                    {}),
    ("a section that may be absent",        "tls: null\n",                         {"tls": None}),
    ("a number for text",                   "store:\n  url: 1.10\n",               {"store": Store(url="1.10")}),
    ("a truth for text",                    "store:\n  url: no\n",                 {"store": Store(url="no")}),
    ("a date for text",                     "store:\n  url: 2024-01-01\n",         {"store": Store(url="2024-01-01")}),
    ("null for text, in quotes",            "store:\n  url: 'null'\n",             {"store": Store(url="null")}),
    ("nothing for text, in quotes",         "store:\n  url: ''\n",                 {"store": Store(url="")}),
    ("numbers for labels",                  "labels: {zone: 010, up: on}\n",       {"labels": {"zone": "010", "up": "on"}}),
    ("a truth for a name",                  "labels: {on: a, 1: b}\n",             {"labels": {"on": "a", "1": "b"}}),
    ("a truth as YAML 1.1 has it",          "on: off\n",                           {"on": False}),
    ("a number with leading noughts",       "store:\n  max_rows: 010\n",           {"store": Store(max_rows=10)}),
    ("a choice of numbers",                 "version: 2\n",                        {"version": 2}),
    ("null where it may be",                "store:\n  ttl: null\n",               {"store": Store(ttl=None)}),
    ("a word where a size may be",          "store:\n  cache: auto\n",             {}),
    ("a size where a word may be",          "store:\n  cache: 4096\n",             {"store": Store(cache=4096)}),
    ("a name that Python keeps",            "from: x\n",                           {"from": "x"}),
    ("one of several sections",             "receivers: {a: {kind: mail, to: b}}", {"receivers": {"a": Mail(kind="mail", to="b")}}),
    ("anchors and aliases",                 "tags: &t [a]\nlabels: {}\nanything: [*t, *t]\n", {"tags": ("a",), "anything": [["a"], ["a"]]}),
    ("anything",                            "anything: {a: [1, 1.5, yes, ~, 2024-01-01]}\n", {"anything": {"a": [1, 1.5, True, None, "2024-01-01"]}}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "differs"), [row[1:] for row in MEANT], ids=[row[0] for row in MEANT])
def test_what_is_meant(text: str, differs: dict[str, Any]) -> None:
    """The type of a setting says what its text means; what is not there is at its default."""
    assert read(Settings, text=text) == Settings(**differs)


FROM_ENVIRONMENT: list[tuple[str, str, str, dict[str, Any]]] = [
    # what                       variable                     text                 settings that differ
    ("text",                     "FIRSTLIGHT_STORE_URL",      "123",               {"store": Store(url="123")}),
    ("text that is YAML",        "FIRSTLIGHT_STORE_URL",      "[a: {b",            {"store": Store(url="[a: {b")}),
    ("a name with underscores",  "FIRSTLIGHT_STORE_MAX_ROWS", "7",                 {"store": Store(max_rows=7)}),
    ("an address in brackets",   "FIRSTLIGHT_LISTEN",         "[::1]:1",           {"listen": ListenAddress("::1", 1)}),
    ("a truth",                  "FIRSTLIGHT_ON",             "no",                {"on": False}),
    ("null",                     "FIRSTLIGHT_STORE_TTL",      "null",              {"store": Store(ttl=None)}),
    ("nothing",                  "FIRSTLIGHT_STORE_TTL",      "",                  {"store": Store(ttl=None)}),
    ("a secret",                 "FIRSTLIGHT_STORE_TOKEN",    "a: b",              {"store": Store(token=SecretStr("a: b"))}),
    ("a list",                   "FIRSTLIGHT_TAGS",           "[a, 1]",            {"tags": ("a", "1")}),
    ("a mapping",                "FIRSTLIGHT_LABELS",         "{a: b}",            {"labels": {"a": "b"}}),
    ("sections",                 "FIRSTLIGHT_RECEIVERS",      "{a: {kind: slack}}", {"receivers": {"a": Slack()}}),
    ("one in an absent section", "FIRSTLIGHT_TLS_CERT",       "x",                 {"tls": Tls(cert="x")}),
    ("a choice of numbers",      "FIRSTLIGHT_VERSION",        "2",                 {"version": 2}),
    ("one that Python keeps",    "FIRSTLIGHT_FROM",           "x",                 {"from": "x"}),
    ("somebody else's",          "FIRSTLIGHT_CONFIG",         "x",                 {}),
    ("of another program",       "FIRSTLIGHTER_URL",          "x",                 {}),
    ("a link to our service",    "FIRSTLIGHT_PORT",           "tcp://10.0.0.1:1",  {}),
    ("another of those",         "FIRSTLIGHT_PORT_4317_TCP_ADDR", "10.0.0.1",      {}),
    ("a link to another of ours", "FIRSTLIGHT_AGENT_SERVICE_PORT_OTLP_GRPC", "4317", {}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "differs"), [row[1:] for row in FROM_ENVIRONMENT], ids=[row[0] for row in FROM_ENVIRONMENT]
)
def test_the_environment(name: str, text: str, differs: dict[str, Any]) -> None:
    """A variable sets the setting it is named after, whatever characters are in its text."""
    found = read(Settings, environ={name: text, "PATH": "/bin"}, not_settings=["FIRSTLIGHT_CONFIG"])

    assert found == Settings(**differs)


FROM_ARGUMENTS: list[tuple[str, str, dict[str, Any]]] = [
    # what                        override                            settings that differ
    ("text",                      "store.url=a=b",                    {"store": Store(url="a=b")}),
    ("a list",                    "tags=[a, b]",                      {"tags": ("a", "b")}),
    ("an entry of a mapping",     "labels.team=1",                    {"labels": {"team": "1"}}),
    ("one within an entry",       "receivers.oncall.channel=#b",      {"receivers": {"oncall": Slack(channel="#b")}}),
    ("one in an absent section",  "tls.cert=x",                       {"tls": Tls(cert="x")}),
    ("nothing",                   "store.url=",                       {"store": Store(url="")}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("override", "differs"), [row[1:] for row in FROM_ARGUMENTS], ids=[row[0] for row in FROM_ARGUMENTS]
)
def test_arguments(override: str, differs: dict[str, Any]) -> None:
    """``--set`` reaches every setting by its path, and those in the entries of mappings."""
    text = "receivers: {oncall: {kind: slack}}" if "receivers" in override else ""

    assert read(Settings, text=text, overrides=[override]) == Settings(**differs)


OUTSIDE = [
    # what                      environment                            override              complaint
    ("an unknown variable",     {"FIRSTLIGHT_STOER_URL": "x"},         "on=1",               'environment: unknown variable "FIRSTLIGHT_STOER_URL"; did you mean "FIRSTLIGHT_STORE_URL"?'),
    ("a wrong value",           {"FIRSTLIGHT_STORE_MAX_ROWS": "x"},    "on=1",               "FIRSTLIGHT_STORE_MAX_ROWS: cannot read 'x'; want a whole number"),
    ("a wrong value within",    {"FIRSTLIGHT_RECEIVERS": "{a: {kind: slack, b: c}}"}, "on=1", 'FIRSTLIGHT_RECEIVERS: receivers.a: unknown setting "b"; want one of channel, kind'),
    ("a list without brackets", {"FIRSTLIGHT_TAGS": "a,b"},            "on=1",               "FIRSTLIGHT_TAGS: cannot read 'a,b'; want a list, each text"),
    ("a list that is not closed", {"FIRSTLIGHT_TAGS": "[a"},           "on=1",               'FIRSTLIGHT_TAGS: cannot read the YAML: the list opened here with "[" is not closed with "]"'),
    ("bytes that are no text",  {"FIRSTLIGHT_STORE_URL": "\udcff"},    "on=1",               "FIRSTLIGHT_STORE_URL: cannot read it; want UTF-8 text"),
    ("such bytes in a list",    {"FIRSTLIGHT_TAGS": "\udcff"},         "on=1",               "FIRSTLIGHT_TAGS: cannot read it; want UTF-8 text"),
    ("one section half set",    {"FIRSTLIGHT_TLS_CA": "x"},            "on=1",               "firstlight.yaml: tls.cert: required, but not set; want text"),
    ("no value",                {},                                    "store.url",          "--set: cannot read 'store.url'; want key=value, such as listen=…"),
    ("an unknown setting",      {},                                    "stroe.url=x",        '--set: unknown setting "stroe.url"; did you mean "store.url"?'),
    ("a whole section",         {},                                    "store={}",           "--set store: cannot set a whole section; want one of its settings, such as store.url"),
    ("an entry of a list",      {},                                    "tags.0=x",           '--set: unknown setting "tags.0"; did you mean "tags"?'),
    ("a wrong override",        {},                                    "on=maybe",           "--set on: cannot read 'maybe'; want true or false"),
    ("one within an entry",     {},                                    "receivers.a.chanel=x", '--set: unknown setting "receivers.a.chanel"; did you mean "receivers"?'),
]  # fmt: skip


@pytest.mark.parametrize(
    ("environ", "override", "complaint"), [row[1:] for row in OUTSIDE], ids=[row[0] for row in OUTSIDE]
)
def test_faults_outside_of_the_file(environ: dict[str, str], override: str, complaint: str) -> None:
    """A complaint about a variable or an argument says which."""
    with pytest.raises(ConfigError) as caught:
        read(Settings, environ=environ, overrides=[override])

    assert str(caught.value) == complaint


PRECEDENCE = [
    # what                      file                       environment                     overrides                              url
    ("the default",             "",                        {},                             [],                                    "chdb:///data"),
    ("the file",                "store: {url: file}",      {},                             [],                                    "file"),
    ("the environment",         "store: {url: file}",      {"FIRSTLIGHT_STORE_URL": "env"}, [],                                   "env"),
    ("the argument",            "store: {url: file}",      {"FIRSTLIGHT_STORE_URL": "env"}, ["store.url=set"],                    "set"),
    ("the last argument",       "",                        {},                             ["store.url=a", "store.url=b"],        "b"),
    ("over a section left out", "store:",                  {"FIRSTLIGHT_STORE_URL": "env"}, [],                                   "env"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "environ", "overrides", "url"), [row[1:] for row in PRECEDENCE], ids=[row[0] for row in PRECEDENCE]
)
def test_what_comes_later_wins(text: str, environ: dict[str, str], overrides: list[str], url: str) -> None:
    """Defaults, then the file, then the environment, then ``--set``, one setting at a time."""
    assert read(Settings, text=text, environ=environ, overrides=overrides) == Settings(store=Store(url=url))


def test_an_entry_is_set_beside_the_others_of_the_file() -> None:
    """What a source does not name stays as the source before left it."""
    found = read(Settings, text="labels: {a: '1', b: '2'}", overrides=["labels.b=3"])

    assert found.labels == {"a": "1", "b": "3"}


def test_a_fault_that_is_overridden_is_none() -> None:
    """A wrong value of the file does not matter where a later source has a good one."""
    assert read(Settings, text="on: maybe\n", overrides=["on=no"]) == Settings(on=False)


def test_a_variable_does_not_hide_a_fault_of_the_file() -> None:
    """Where the file has no section for a setting to be in, the file is wrong, whatever the environment says."""
    with pytest.raises(ConfigError) as caught:
        read(Settings, text="tls: on\n", environ={"FIRSTLIGHT_TLS_CERT": "x"})

    assert (
        str(caught.value) == "firstlight.yaml:1: tls: cannot read 'on'; want a section of settings (cert, ca), or null"
    )


FILES = [
    # what               bytes                     complaint, after the path
    ("not UTF-8",        b"on: yes\nfrom: \xff\n", ":2: cannot read the byte 0xff; want UTF-8 text"),
    ("not YAML",         b"on: [a\n",              ':1: cannot read the YAML: the list opened here with "[" is not closed with "]"'),
    ("not a setting",    b"onn: yes\n",            ':1: unknown setting "onn"; did you mean "on"?'),
]  # fmt: skip


@pytest.mark.parametrize(("data", "complaint"), [row[1:] for row in FILES], ids=[row[0] for row in FILES])
def test_a_file_is_named(tmp_path: Path, data: bytes, complaint: str) -> None:
    """A complaint begins with the path as it was given."""
    path = tmp_path / "my.yaml"
    path.write_bytes(data)

    with pytest.raises(ConfigError) as caught:
        read(Settings, path=path)

    assert str(caught.value) == f"{path}{complaint}"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A file that was asked for and cannot be opened is an error, not all defaults."""
    with pytest.raises(ConfigError, match=r"cannot read .*/no\.yaml: No such file or directory"):
        read(Settings, path=tmp_path / "no.yaml")


def test_a_file_is_read(tmp_path: Path) -> None:
    """A file in UTF-8 is read, with or without a byte order mark."""
    path = tmp_path / "my.yaml"
    path.write_bytes(b"\xef\xbb\xbffrom: \xc3\xa9\n")

    assert read(Settings, path=path).source == "é"


def test_two_settings_of_one_variable_are_a_bug() -> None:
    """Settings that the environment could not tell apart are found before anyone meets them."""

    class Ambiguous(Part):
        store_url: str = ""
        store: Store = Store()

    with pytest.raises(ValueError, match=r"BUG: store\.url and store_url are both FIRSTLIGHT_STORE_URL"):
        environment_names(Ambiguous)
