"""Every kind of material that something is built for. A new kind is a function that yields cases, and a line here."""

from __future__ import annotations

from tools.conformance import (
    exposition,
    metrics_captures,
    otlp,
    otlp_server,
    prometheus_api,
    prometheus_config,
    promql,
    promql_syntax,
)
from tools.conformance.case import Kind

KINDS: tuple[Kind, ...] = (
    Kind("otlp-json", "wire/otlp", otlp.json_cases),
    Kind("otlp-json-server", "wire/otlp", otlp_server.json_cases),
    Kind("otlp-http-captures", "wire/captures/otlp_http", otlp_server.capture_cases),
    Kind("promql-language", "promql", promql.language_cases),
    Kind("promql-language-experimental", "promql", promql.experimental_cases),
    Kind("promql-compliance", "promql", promql.compliance_cases),
    Kind("promql-lezer", "promql", promql_syntax.lezer_cases),
    Kind("promql-dashboards-parse", "dashboards", promql_syntax.expression_cases),
    Kind("rules-expressions-parse", "rules", promql_syntax.expression_cases),
    Kind("openmetrics-parser", "wire/exposition/openmetrics_parser", exposition.openmetrics_cases),
    Kind("exposition-captures", "wire/captures/exposition", exposition.capture_cases),
    Kind("exposition-text", "wire/exposition/node_exporter", exposition.text_cases),
    Kind("remote-write-captures", "wire/captures/remote_write", metrics_captures.remote_write_cases),
    Kind("pushgateway-captures", "wire/captures/pushgateway", metrics_captures.pushgateway_cases),
    Kind("influx-captures", "wire/captures/influx", metrics_captures.influx_cases),
    Kind("statsd-captures", "wire/captures/statsd", metrics_captures.statsd_cases),
    Kind("prometheus-api-golden", ".", prometheus_api.cases),
    Kind("prometheus-config", "wire/prometheus_config", prometheus_config.config_cases),
)  # fmt: skip
