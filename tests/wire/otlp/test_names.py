"""The names that OTLP metrics and their labels have in PromQL."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstlight.errors import DecodeError
from firstlight.wire.otlp.names import (
    Kind,
    Scope,
    Strategy,
    Translation,
    label_name,
    labels,
    metric_name,
    series_labels,
    target_info_labels,
    unit_name,
)

GAUGE, SUM, HISTOGRAM = Kind.GAUGE, Kind.SUM, Kind.HISTOGRAM
ESCAPED = Strategy.UNDERSCORE_ESCAPING_WITH_SUFFIXES
ESCAPED_BARE = Strategy.UNDERSCORE_ESCAPING_WITHOUT_SUFFIXES
UTF8 = Strategy.NO_UTF8_ESCAPING_WITH_SUFFIXES
AS_IS = Strategy.NO_TRANSLATION

DEFAULT_NAMES: list[tuple[str, str, str, Kind, bool, str]] = [
    # what                              name                           unit                 kind       monotonic  want
    ("dots become underscores",         "http.server.active_requests", "",                  SUM,       False, "http_server_active_requests"),
    ("a counter is a total",            "http.requests",               "",                  SUM,       True,  "http_requests_total"),
    ("a counter that is one already",   "http.requests.total",         "",                  SUM,       True,  "http_requests_total"),
    ("total goes to the end",           "total.http.requests",         "",                  SUM,       True,  "http_requests_total"),
    ("a gauge called total",            "queue.total",                 "",                  GAUGE,     False, "queue_total"),
    ("unit before total",               "system.io",                   "By",                SUM,       True,  "system_io_bytes_total"),
    ("unit and total already there",    "network_transmitted_bytes_total", "By",            SUM,       True,  "network_transmitted_bytes_total"),
    ("unit somewhere in the name",      "process.seconds.spent",       "s",                 GAUGE,     False, "process_seconds_spent"),
    ("unit as part of a word only",     "hw.megabytes",                "By",                GAUGE,     False, "hw_megabytes_bytes"),
    ("seconds",                         "http.server.request.duration", "s",                HISTOGRAM, False, "http_server_request_duration_seconds"),
    ("milliseconds stay milliseconds",  "http.server.duration",        "ms",                HISTOGRAM, False, "http_server_duration_milliseconds"),
    ("an exponential histogram",        "request.size",                "By",                Kind.EXPONENTIAL_HISTOGRAM, False, "request_size_bytes"),
    ("a summary",                       "gc.pause",                    "us",                Kind.SUMMARY, False, "gc_pause_microseconds"),
    ("a gauge without a unit",          "system.cpu.utilization",      "1",                 GAUGE,     False, "system_cpu_utilization_ratio"),
    ("a gauge that is one already",     "hw.fan.speed_ratio",          "1",                 GAUGE,     False, "hw_fan_speed_ratio"),
    ("ratio goes to the end",           "hit.ratio.cache",             "1",                 GAUGE,     False, "hit_cache_ratio"),
    ("things counted by 1",             "objects",                     "1",                 SUM,       True,  "objects_total"),
    ("things up and down by 1",         "objects",                     "1",                 SUM,       False, "objects"),
    ("a histogram without a unit",      "batch.size",                  "1",                 HISTOGRAM, False, "batch_size"),
    ("percent",                         "cpu.usage",                   "%",                 GAUGE,     False, "cpu_usage_percent"),
    ("a ratio in percent",              "success.ratio",               "%",                 GAUGE,     False, "success_ratio_percent"),
    ("what is in braces is dropped",    "http.requests",               "{request}",         SUM,       True,  "http_requests_total"),
    ("a rate of what is in braces",     "asserts",                     "{assertion}/s",     GAUGE,     False, "asserts_per_second"),
    ("braces on both sides",            "scanned_per_returned",        "{scanned}/{returned}", GAUGE,  False, "scanned_per_returned"),
    ("braces after the slash",          "memory",                      "By/{node}",         GAUGE,     False, "memory_bytes"),
    ("meters per second",               "light.speed_limit",           "m/s",               GAUGE,     False, "light_speed_limit_meters_per_second"),
    ("gibibytes per hour",              "oplog.rate",                  "GiBy/h",            GAUGE,     False, "oplog_rate_gibibytes_per_hour"),
    ("m after a slash is a minute",     "requests",                    "1/m",               GAUGE,     False, "requests_per_minute"),
    ("a rate that is counted",          "requests",                    "1/s",               SUM,       True,  "requests_per_second_total"),
    ("a rate already in the name",      "requests_per_second",         "1/s",               GAUGE,     False, "requests_per_second"),
    ("a rate already, before total",    "requests_per_second_total",   "{request}/s",       SUM,       True,  "requests_per_second_total"),
    ("a rate and its unit already",     "speed_meters_per_second",     "m/s",               GAUGE,     False, "speed_meters_per_second"),
    ("a rate earlier in the name",      "per_second_limit",            "1/s",               GAUGE,     False, "per_second_limit_per_second"),
    ("nothing after the slash",         "metric",                      "By/",               GAUGE,     False, "metric_bytes"),
    ("nothing before the slash",        "metric",                      "/s",                GAUGE,     False, "metric_per_second"),
    ("nothing but a slash",             "metric",                      "/",                 GAUGE,     False, "metric"),
    ("nothing that stays after it",     "speed",                       "km/°",              GAUGE,     False, "speed_km"),
    ("two slashes",                     "acceleration",                "m/s/s",             GAUGE,     False, "acceleration_meters_per_s_s"),
    ("spaces in the unit",              "\t usage  ",                  "  By / s\t",        GAUGE,     False, "usage_bytes_per_second"),
    ("nothing but spaces for a unit",   "metric.spaces",               "  \t ",             GAUGE,     False, "metric_spaces"),
    ("a unit nobody knows",             "queue",                       "widgets",           GAUGE,     False, "queue_widgets"),
    ("such a unit already there",       "apache.current_connections",  "connections",       GAUGE,     False, "apache_current_connections"),
    ("such a unit of two words",        "custom_metric",               "custom_unit",       GAUGE,     False, "custom_metric_custom_unit"),
    ("two words already at the end",    "metric_custom_unit",          "custom_unit",       GAUGE,     False, "metric_custom_unit"),
    ("strange characters in a unit",    "custom",                      "unit@with#x/ch$rs", GAUGE,     False, "custom_unit_with_x_per_ch_rs"),
    ("a colon in a unit",               "temperature",                 "%*()°:C",           GAUGE,     False, "temperature_:C"),
    ("underscores around a unit",       "size",                        "_odd__unit_",       GAUGE,     False, "size_odd_unit"),
    ("underscores in a row",            "envoy__rule___zlib",          "",                  GAUGE,     False, "envoy_rule_zlib"),
    ("underscores around the name",     "_private_",                   "",                  GAUGE,     False, "private"),
    ("a digit first",                   "3.14 digits",                 "",                  GAUGE,     False, "_3_14_digits"),
    ("colons stay",                     ":foo::bar",                   "",                  SUM,       True,  ":foo::bar_total"),
    ("letters beyond ASCII",            "metric_with_字符_characters", "",                  GAUGE,     False, "metric_with_characters"),
    ("nothing but the suffix",          "total",                       "",                  SUM,       True,  "total"),
    ("slashes and brackets",            "(lambda).executions(#)/x",    "",                  GAUGE,     False, "lambda_executions_x"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "unit", "kind", "monotonic", "want"),
    [row[1:] for row in DEFAULT_NAMES],
    ids=[row[0] for row in DEFAULT_NAMES],
)
def test_metric_name(name: str, unit: str, kind: Kind, monotonic: bool, want: str) -> None:
    """By default, names are escaped and say unit and type."""
    assert metric_name(name, unit, kind, monotonic=monotonic) == want


OTHER_NAMES: list[tuple[str, Strategy, str, str, Kind, bool, str]] = [
    # what                            strategy      name                     unit      kind   monotonic want
    ("no unit, no total",             ESCAPED_BARE, "system.io",             "By",     SUM,   True,  "system_io"),
    ("no ratio",                      ESCAPED_BARE, "foo.bar",               "1",      GAUGE, False, "foo_bar"),
    ("underscores in a row stay",     ESCAPED_BARE, "envoy__rule_x",         "",       GAUGE, False, "envoy__rule_x"),
    ("others in a row become one",    ESCAPED_BARE, "metric@@##name",        "",       GAUGE, False, "metric_name"),
    ("others between underscores",    ESCAPED_BARE, "with_字符_x",           "",       GAUGE, False, "with___x"),
    ("others at the ends go",         ESCAPED_BARE, "(network I/O)",         "",       GAUGE, False, "network_I_O"),
    ("a digit first",                 ESCAPED_BARE, "3.14 digits",           "",       GAUGE, False, "_3_14_digits"),
    ("only underscores as they were", ESCAPED_BARE, "___",                   "",       GAUGE, False, "___"),
    ("suffixes after dots",           UTF8,         "system.io",             "By",     SUM,   True,  "system.io_bytes_total"),
    ("per and total",                 UTF8,         "system.io",             "foo/bar", SUM,  True,  "system.io_foo_per_bar_total"),
    ("ratio",                         UTF8,         "foo.bar",               "1",      GAUGE, False, "foo.bar_ratio"),
    ("ratio already there",           UTF8,         "foo.ratio",             "1",      GAUGE, False, "foo_ratio"),
    ("unit and total already there",  UTF8,         "cpu.seconds.total",     "s",      SUM,   True,  "cpu.seconds_total"),
    ("per already there",             UTF8,         "io.bytes.per_second",   "By/s",   GAUGE, False, "io.bytes_per_second"),
    ("the end of a word is enough",   UTF8,         "x.megabytes",           "By",     GAUGE, False, "x.megabytes"),
    ("a unit is not escaped",         UTF8,         "temperature",           "%*°C",   GAUGE, False, "temperature_%*°C"),
    ("letters beyond ASCII",          UTF8,         "requêsts",              "1/s",    SUM,   True,  "requêsts_per_second_total"),
    ("a digit first",                 UTF8,         "3.14 digits",           "",       GAUGE, False, "3.14 digits"),
    ("nothing but the suffix",        UTF8,         "total",                 "",       SUM,   True,  "total_total"),
    ("nothing is added",              AS_IS,        "http.request.duration", "ms",     HISTOGRAM, False, "http.request.duration"),
    ("not even to counters",          AS_IS,        "http.requests",         "1",      SUM,   True,  "http.requests"),
    ("nothing is escaped",            AS_IS,        "温度 %",                "Cel",    GAUGE, False, "温度 %"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("strategy", "name", "unit", "kind", "monotonic", "want"),
    [row[1:] for row in OTHER_NAMES],
    ids=[f"{row[1]}: {row[0]}" for row in OTHER_NAMES],
)
def test_metric_name_by_strategy(
    strategy: Strategy, name: str, unit: str, kind: Kind, monotonic: bool, want: str
) -> None:
    """The other strategies escape less, or add less."""
    assert metric_name(name, unit, kind, monotonic=monotonic, strategy=strategy) == want


NAMELESS = [
    ("温度", ESCAPED),
    ("温度", ESCAPED_BARE),
    ("@#$%", ESCAPED),
    ("___", ESCAPED),
    *[("", strategy) for strategy in Strategy],
]


@pytest.mark.parametrize(("name", "strategy"), NAMELESS)
@pytest.mark.parametrize(("unit", "kind"), [("", GAUGE), ("1", GAUGE), ("By/s", SUM)])
def test_metric_without_a_name(name: str, strategy: Strategy, unit: str, kind: Kind) -> None:
    """A metric of whose name nothing is left is refused, whatever its suffixes: it would be one with all others such."""
    with pytest.raises(DecodeError, match=r"cannot name the metric '.*' as .* does: nothing is left of it; want ASCII"):
        metric_name(name, unit, kind, monotonic=True, strategy=strategy)


UNITS = [
    # unit         escaped                 not escaped
    ("",           "",                     ""),
    ("1",          "",                     ""),
    ("{request}",  "",                     ""),
    ("d",          "days",                 "days"),
    ("h",          "hours",                "hours"),
    ("min",        "minutes",              "minutes"),
    ("s",          "seconds",              "seconds"),
    ("ms",         "milliseconds",         "milliseconds"),
    ("us",         "microseconds",         "microseconds"),
    ("ns",         "nanoseconds",          "nanoseconds"),
    ("By",         "bytes",                "bytes"),
    ("KiBy",       "kibibytes",            "kibibytes"),
    ("MiBy",       "mebibytes",            "mebibytes"),
    ("GiBy",       "gibibytes",            "gibibytes"),
    ("TiBy",       "tebibytes",            "tebibytes"),
    ("kBy",        "kilobytes",            "kilobytes"),
    ("KBy",        "kilobytes",            "kilobytes"),
    ("MBy",        "megabytes",            "megabytes"),
    ("GBy",        "gigabytes",            "gigabytes"),
    ("TBy",        "terabytes",            "terabytes"),
    ("m",          "meters",               "meters"),
    ("V",          "volts",                "volts"),
    ("A",          "amperes",              "amperes"),
    ("J",          "joules",               "joules"),
    ("W",          "watts",                "watts"),
    ("g",          "grams",                "grams"),
    ("Cel",        "celsius",              "celsius"),
    ("Hz",         "hertz",                "hertz"),
    ("%",          "percent",              "percent"),
    ("1/s",        "per_second",           "per_second"),
    ("1/w",        "per_week",             "per_week"),
    ("1/mo",       "per_month",            "per_month"),
    ("1/y",        "per_year",             "per_year"),
    ("By/d",       "bytes_per_day",        "bytes_per_day"),
    ("By/_a__b_",  "bytes_per_a_b",        "bytes_per__a__b"),
    ("_a__b_",     "a_b",                  "a__b"),
    ("a@b",        "a_b",                  "a@b"),
    ("@#$",        "",                     "@#$"),
    ("per",        "per",                  "per"),
]  # fmt: skip


@pytest.mark.parametrize(("unit", "escaped", "plain"), UNITS)
def test_unit_name(unit: str, escaped: str, plain: str) -> None:
    """Units are put in words, and the words escaped with the names."""
    assert unit_name(unit) == escaped
    assert unit_name(unit, strategy=UTF8) == plain


LABEL_NAMES = [
    # what                        name                 want
    ("dots",                      "http.method",       "http_method"),
    ("as it is",                  "LabelWith_Capitals", "LabelWith_Capitals"),
    ("colons",                    "a:b",               "a_b"),
    ("every other character",     "a!b&c$d)",          "a_b_c_d_"),
    ("letters beyond ASCII",      "x_字符",            "x___"),
    ("underscores in a row",      "a__b...c",          "a__b___c"),
    ("a digit first",             "123label",          "key_123label"),
    ("an underscore first",       "_label",            "key_label"),
    ("a dot first",               ".label",            "key_label"),
    ("two underscores first",     "__label",           "__label"),
    ("reserved",                  "__reserved__",      "__reserved__"),
    ("only underscores left",     "ようこそ",          "key_____"),
    ("one underscore",            "_",                 "key__"),
    ("a digit beyond ASCII",      "٣x",                "key_x"),
    ("a single letter",           "a",                 "a"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "want"), [row[1:] for row in LABEL_NAMES], ids=[row[0] for row in LABEL_NAMES])
def test_label_name(name: str, want: str) -> None:
    """Attribute names are escaped, or kept as they are."""
    assert label_name(name) == label_name(name, ESCAPED_BARE) == want
    assert label_name(name, UTF8) == label_name(name, AS_IS) == name


@given(st.text(min_size=1))
def test_any_label_name_can_be_written_in_promql(name: str) -> None:
    """Whatever an attribute is called, its label has the form that PromQL knows."""
    assert re.fullmatch("[a-zA-Z_][a-zA-Z0-9_]*", label_name(name))


@given(st.text(), st.text(), st.sampled_from(Kind), st.booleans())
def test_any_metric_name_can_be_written_in_promql(name: str, unit: str, kind: Kind, monotonic: bool) -> None:
    """Whatever a metric is called, its name has the form that PromQL knows, or it is refused."""
    for strategy in (ESCAPED, ESCAPED_BARE):
        try:
            translated = metric_name(name, unit, kind, monotonic=monotonic, strategy=strategy)
        except DecodeError:
            continue
        assert re.fullmatch("[a-zA-Z_:][a-zA-Z0-9_:]*", translated)


def test_attribute_without_a_name() -> None:
    """An attribute without a name is refused."""
    with pytest.raises(DecodeError, match="cannot make a label of an attribute: its name is empty"):
        labels({"": "x"})


LABELS: list[tuple[str, Strategy, dict[str, str], dict[str, str]]] = [
    # what                              strategy  attributes                                     want
    ("alike after escaping",            ESCAPED,  {"a_b": "3", "a.b": "2", "a-b": "1"},          {"a_b": "1;2;3"}),
    ("alike, given in another order",   ESCAPED,  {"a-b": "1", "a_b": "3", "a.b": "2"},          {"a_b": "1;2;3"}),
    ("alike, one of them empty",        ESCAPED,  {"a.b": "", "a_b": "x"},                       {"a_b": "x"}),
    ("not alike without escaping",      UTF8,     {"a_b": "3", "a.b": "2"},                      {"a.b": "2", "a_b": "3"}),
    ("an empty value is no label",      ESCAPED,  {"a": "", "b": "x"},                           {"b": "x"}),
    ("the metric's name is not theirs", ESCAPED,  {"__name__": "x", "..name..": "y"},            {}),
    ("nor without escaping",            AS_IS,    {"__name__": "x"},                             {}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("strategy", "attributes", "want"), [row[1:] for row in LABELS], ids=[row[0] for row in LABELS]
)
def test_labels(strategy: Strategy, attributes: dict[str, str], want: dict[str, str]) -> None:
    """Attributes become labels, and those that become one are joined."""
    assert labels(attributes, strategy=strategy) == want


RESOURCE = {
    "service.namespace": "shop",
    "service.name": "cart",
    "service.instance.id": "cart-1",
    "k8s.pod.name": "pod-1",
    "host-name": "h",
}
ID = {"job": "shop/cart", "instance": "cart-1"}
SCOPE = Scope("http", "1.2", "https://s", {"team": "a", "version": "other", "x.y": "1", "x_y": "2"})
SCOPE_LABELS = {
    "otel_scope_name": "http",
    "otel_scope_version": "1.2",
    "otel_scope_schema_url": "https://s",
    "otel_scope_team": "a",
    "otel_scope_x_y": "1;2",
}

SERIES: list[tuple[str, dict[str, str], dict[str, str], Scope, Translation, dict[str, str]]] = [
    # what                             attributes      resource  scope    translation                                               want
    ("job and instance",               {"a.b": "1"},   RESOURCE, Scope(), Translation(),                                            {"a_b": "1", **ID}),
    ("no namespace",                   {},             {"service.name": "cart"}, Scope(), Translation(),                            {"job": "cart"}),
    ("an empty namespace",             {},             {"service.name": "cart", "service.namespace": ""}, Scope(), Translation(),   {"job": "cart"}),
    ("a namespace without a name",     {},             {"service.namespace": "shop"}, Scope(), Translation(),                       {}),
    ("nobody",                         {},             {},       Scope(), Translation(),                                            {}),
    ("job is not theirs to give",      {"job": "x", "instance": "y"}, RESOURCE, Scope(), Translation(),                             ID),
    ("unless nobody else does",        {"job": "x"},   {},       Scope(), Translation(),                                            {"job": "x"}),
    ("the scope",                      {},             {},       SCOPE,   Translation(),                                            SCOPE_LABELS),
    ("the scope, not escaped",         {},             {},       Scope(attributes={"x.y": "1"}), Translation(AS_IS),                {"otel_scope_x.y": "1"}),
    ("an attribute of no version",     {},             {},       Scope("n", attributes={"version": "1"}), Translation(),            {"otel_scope_name": "n"}),
    ("the scope, before attributes",   {"otel.scope.name": "x"}, {}, Scope("n"), Translation(),                                     {"otel_scope_name": "n"}),
    ("the scope, not wanted",          {"a": "1"},     {},       SCOPE,   Translation(scope_labels=False),                          {"a": "1"}),
    ("promoted",                       {},             RESOURCE, Scope(), Translation(promoted=frozenset({"k8s.pod.name", "none"})), {"k8s_pod_name": "pod-1", **ID}),
    ("promoted, not escaped",          {},             RESOURCE, Scope(), Translation(UTF8, frozenset({"k8s.pod.name"})),           {"k8s.pod.name": "pod-1", **ID}),
    ("promoted, after attributes",     {"host_name": "mine"}, RESOURCE, Scope(), Translation(promoted=frozenset({"host-name"})),    {"host_name": "mine", **ID}),
    ("promoted, two alike",            {},             {"a.b": "1", "a_b": "2"}, Scope(), Translation(promote_all=True),            {"a_b": "1;2"}),
    ("all promoted",                   {},             RESOURCE, Scope(), Translation(promote_all=True), {"service_namespace": "shop", "service_name": "cart", "service_instance_id": "cart-1", "k8s_pod_name": "pod-1", "host_name": "h", **ID}),
    ("all but some promoted",          {},             RESOURCE, Scope(), Translation(promote_all=True, not_promoted=frozenset({"service.name", "service.namespace", "service.instance.id"})), {"k8s_pod_name": "pod-1", "host_name": "h", **ID}),
    ("external",                       {"a": "1"},     {},       Scope(), Translation(external={"cluster": "c", "a": "2"}),         {"cluster": "c", "a": "1"}),
    ("external, after job",            {},             RESOURCE, Scope(), Translation(external={"job": "x"}),                       ID),
    ("external, after promoted",       {},             {"a": "1"}, Scope(), Translation(promote_all=True, external={"a": "2"}),     {"a": "1"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("attributes", "resource", "scope", "translation", "want"),
    [row[1:] for row in SERIES],
    ids=[row[0] for row in SERIES],
)
def test_series_labels(
    attributes: dict[str, str], resource: dict[str, str], scope: Scope, translation: Translation, want: dict[str, str]
) -> None:
    """A series is told from others by its point, its resource and its scope, in this order of precedence."""
    assert series_labels(attributes, resource=resource, scope=scope, translation=translation) == want


TARGETS: list[tuple[str, dict[str, str], Translation, dict[str, str]]] = [
    # what                              resource                       translation                         want
    ("all that is not in job",          RESOURCE,                      Translation(),                      {"k8s_pod_name": "pod-1", "host_name": "h", **ID}),
    ("not escaped",                     RESOURCE,                      Translation(AS_IS),                 {"k8s.pod.name": "pod-1", "host-name": "h", **ID}),
    ("with what is in job",             RESOURCE,                      Translation(keep_identifying=True), {"service_namespace": "shop", "service_name": "cart", "service_instance_id": "cart-1", "k8s_pod_name": "pod-1", "host_name": "h", **ID}),
    ("with external labels",            RESOURCE,                      Translation(external={"c": "1"}),   {"k8s_pod_name": "pod-1", "host_name": "h", "c": "1", **ID}),
    ("nothing to tell",                 {"service.name": "cart"},      Translation(),                      {}),
    ("nothing to tell, though kept",    {"service.name": "cart"},      Translation(keep_identifying=True), {}),
    ("nobody to tell it of",            {"host.name": "h"},            Translation(),                      {}),
    ("only an instance",                {"service.instance.id": "i", "a": "1"}, Translation(),             {"instance": "i", "a": "1"}),
    ("nothing is promoted, all is told", {"service.name": "s", "a": "1", "b": "2"}, Translation(promoted=frozenset({"a"})), {"job": "s", "a": "1", "b": "2"}),
    ("an empty resource",               {},                            Translation(),                      {}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("resource", "translation", "want"), [row[1:] for row in TARGETS], ids=[row[0] for row in TARGETS]
)
def test_target_info_labels(resource: dict[str, str], translation: Translation, want: dict[str, str]) -> None:
    """A resource's attributes are told once, beside job and instance."""
    assert target_info_labels(resource, translation=translation) == want
