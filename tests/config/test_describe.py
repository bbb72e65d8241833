"""Describing and dumping: what people are told of the settings is what is read."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from firstlight.config.describe import SettingRow, as_markdown, as_yaml_example, describe
from firstlight.config.dump import changed, dump
from firstlight.config.read import read
from firstlight.config.units import MAX_BYTES, ByteSize, Duration, ListenAddress, Percentage


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Slack(Part):
    """To a channel of Slack."""

    kind: Literal["slack"]
    channel: str = "#alerts"


class Mail(Part):
    """By mail."""

    kind: Literal["mail"]
    to: str


class Tls(Part):
    cert: str = Field(description="The certificate.")


class Store(Part):
    """Where rows are kept.

    And not what is in them.
    """

    url: str = Field(default="chdb:///data", description="What to open.")
    ttl: Duration | Literal["off"] = 14 * 86_400.0
    cache: ByteSize = 64 << 20
    free: Percentage = 0.1
    token: SecretStr | None = None


class Route(Part):
    label: str = ""
    routes: list[Route] = []


class Settings(Part):
    store: Store = Store(cache=1 << 30)
    on: bool = True
    tls: Tls | None = Field(default=None, description="Encryption.")
    receivers: dict[str, Annotated[Slack | Mail, Field(discriminator="kind")]] = {}
    scrape: list[Tls] = []
    route: Route = Route()
    listen: ListenAddress = ListenAddress("127.0.0.1", 1610)
    format: Literal["json", "text"] = Field(default="text", description="How a|b is written.")
    labels: dict[str, str] = {"a": "no", "b": "1"}


ROWS = [
    # path                         type                                      default                environment                opens  always
    ("on",                         "true or false",                          "true",                "FIRSTLIGHT_ON",           False, True),
    ("listen",                     "an address such as 127.0.0.1:4317, [::1]:4317 or :4317", "127.0.0.1:1610", "FIRSTLIGHT_LISTEN", False, True),
    ("format",                     "one of json, text",                      "text",                "FIRSTLIGHT_FORMAT",       False, True),
    ("labels",                     "a mapping of names, each to text",       "{a: 'no', b: '1'}",   "FIRSTLIGHT_LABELS",       False, True),
    ("store",                      "section",                                "",                    "",                        True,  True),
    ("store.url",                  "text",                                   "chdb:///data",        "FIRSTLIGHT_STORE_URL",    False, True),
    ("store.ttl",                  "a duration such as 15s, 1h30m or 7d, or off", "14d",            "FIRSTLIGHT_STORE_TTL",    False, True),
    ("store.cache",                "a size such as 64MiB or 1GB",            "1GiB",                "FIRSTLIGHT_STORE_CACHE",  False, True),
    ("store.free",                 "a percentage such as 10% or 0.1",        "10%",                 "FIRSTLIGHT_STORE_FREE",   False, True),
    ("store.token",                "text (a secret), or null",               "null",                "FIRSTLIGHT_STORE_TOKEN",  False, True),
    ("tls",                        "section",                                "null",                "",                        True,  True),
    ("tls.cert",                   "text",                                   "",                    "FIRSTLIGHT_TLS_CERT",     False, False),
    ("receivers",                  "a mapping of names, each to a section of settings (kind, channel), or a section of settings (kind, to)", "{}", "FIRSTLIGHT_RECEIVERS", True, True),
    ("receivers.<name>",           "section, where kind is slack",           "",                    "",                        True,  False),
    ("receivers.<name>.kind",      "slack",                                  "",                    "",                        False, False),
    ("receivers.<name>.channel",   "text",                                   "'#alerts'",           "",                        False, False),
    ("receivers.<name>",           "section, where kind is mail",            "",                    "",                        True,  False),
    ("receivers.<name>.kind",      "mail",                                   "",                    "",                        False, False),
    ("receivers.<name>.to",        "text",                                   "",                    "",                        False, False),
    ("scrape",                     "a list, each a section of settings (cert)", "[]",               "FIRSTLIGHT_SCRAPE",       True,  True),
    ("scrape[]",                   "section",                                "",                    "",                        True,  False),
    ("scrape[].cert",              "text",                                   "",                    "",                        False, False),
    ("route",                      "section",                                "",                    "",                        True,  True),
    ("route.label",                "text",                                   "''",                  "FIRSTLIGHT_ROUTE_LABEL",  False, True),
    ("route.routes",               "a list, each a section of settings (label, routes)", "[]",      "FIRSTLIGHT_ROUTE_ROUTES", False, True),
]  # fmt: skip


def test_every_setting_is_described() -> None:
    """Values come before sections, sections are followed by what is in them, and defaults are those in use."""
    found = [(row.path, row.type, row.default, row.environment, row.opens, row.always) for row in describe(Settings)]

    assert found == ROWS


TOLD = [
    # path                description
    ("store",             "Where rows are kept."),
    ("store.url",         "What to open."),
    ("tls",               "Encryption."),
    ("receivers.<name>",  "To a channel of Slack."),
    ("on",                ""),
]  # fmt: skip


@pytest.mark.parametrize(("path", "description"), TOLD, ids=[row[0] for row in TOLD])
def test_descriptions(path: str, description: str) -> None:
    """A setting is told by its field, a section without words of its field by its docstring."""
    assert next(row for row in describe(Settings) if row.path == path).description == description


def test_markdown() -> None:
    """A section is a heading, its values are a table, and a bar does not end a cell."""
    rows = [
        SettingRow("format", "one of a, b", "a", "FIRSTLIGHT_FORMAT", "a|b", opens=False, always=True),
        SettingRow("tls", "section", "null", "", "Encryption.", opens=True, always=True),
        SettingRow("tls.cert", "text", "", "FIRSTLIGHT_TLS_CERT", "", opens=False, always=False),
    ]

    assert as_markdown(rows) == (
        "| setting | type | default | environment | what it does |\n"
        "|---|---|---|---|---|\n"
        "| `format` | one of a, b | `a` | `FIRSTLIGHT_FORMAT` | a&#124;b |\n"
        "\n"
        "## `tls`\n"
        "\n"
        "(section; default `null`) Encryption.\n"
        "\n"
        "| setting | type | default | environment | what it does |\n"
        "|---|---|---|---|---|\n"
        "| `tls.cert` | text | required | `FIRSTLIGHT_TLS_CERT` |  |\n"
    )


def test_the_example_says_the_defaults() -> None:
    """Commented out or in, the example means what no file at all means."""
    example = as_yaml_example(describe(Settings))
    uncommented = re.sub("^# ", "", example, flags=re.MULTILINE)

    assert uncommented.count("\nstore:\n") == 1
    assert read(Settings, text=example) == read(Settings, text=uncommented) == Settings()


def test_the_example_says_what_can_be_added() -> None:
    """What has no default to show, or is in entries, is there as words."""
    example = as_yaml_example(describe(Settings)).splitlines()

    assert "##   cert: text; required" in example
    assert "##   <name>: section, where kind is slack" in example
    assert "##     channel: text; default '#alerts'" in example
    assert "##   each entry: section" in example


# The line ends that only YAML 1.1 knows are not kept by PyYAML.
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x85\u2028\u2029"))
STORES = st.builds(
    Store,
    url=TEXT.filter(lambda text: "://" not in text),
    ttl=st.integers(0, 10**9).map(lambda milliseconds: milliseconds / 1000) | st.just("off"),
    cache=st.integers(0, MAX_BYTES),
    free=st.integers(0, 1000).map(lambda thousandths: thousandths / 1000),
    token=st.none(),
)


@given(st.builds(Settings, store=STORES, on=st.booleans(), labels=st.dictionaries(TEXT, TEXT), tls=st.none()))
def test_what_is_dumped_can_be_read_again(settings: Settings) -> None:
    """A dump is a file of the same settings."""
    assert read(Settings, text=dump(settings)) == settings


def test_secrets_are_not_dumped() -> None:
    """Neither a secret nor the password of a URL is in the dump."""
    dumped = dump(Store(url="clickhouse://me:hunter2@host/x", token=SecretStr("hunter2")))

    assert "hunter2" not in dumped
    assert "url: clickhouse://me:***@host/x\n" in dumped


CHANGED = [
    # what                      new settings                                                differing
    ("nothing",                 Settings(),                                                 []),
    ("values",                  Settings(on=False, store=Store(url="x", cache=1 << 30)),     ["store.url", "on"]),
    ("a secret",                Settings(store=Store(cache=1 << 30, token=SecretStr("x"))), ["store.token"]),
    ("a section that was not",  Settings(tls=Tls(cert="x")),                                ["tls"]),
    ("an entry",                Settings(labels={"a": "no"}),                               ["labels"]),
]  # fmt: skip


@pytest.mark.parametrize(("new", "differing"), [row[1:] for row in CHANGED], ids=[row[0] for row in CHANGED])
def test_changed(new: Settings, differing: list[str]) -> None:
    """What a reload changes is told by path, not by value."""
    assert changed(Settings(), new) == differing
