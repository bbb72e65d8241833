"""Every kind of material that something is built for. A new kind is a function that yields cases, and a line here."""

from __future__ import annotations

from tools.conformance import (
    elastic,
    exposition,
    log_captures,
    logql,
    logql_syntax,
    loki_api,
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
    *logql_syntax.KINDS,
    Kind("logql-language", "logql/logqltest_loki", logql.cases),
    Kind("loki-api-golden", "wire", loki_api.cases),
    Kind("loki-push-captures", "wire/captures/loki_push", loki_api.capture_cases),
    Kind("lumberjack-captures", "wire/captures/lumberjack", log_captures.lumberjack_cases),
    Kind("logstash-http-captures", "wire/captures/logstash_http", log_captures.logstash_http_cases),
    Kind("logstash-tcp-captures", "wire/captures/logstash_tcp", log_captures.logstash_tcp_cases),
    Kind("syslog-tcp-captures", "wire/captures/syslog_tcp", log_captures.syslog_tcp_cases),
    Kind("syslog-udp-captures", "wire/captures/syslog_udp", log_captures.syslog_udp_cases),
    Kind("gelf-captures", "wire/captures/gelf", log_captures.gelf_cases),
    Kind("elastic-captures", "wire/captures/es_bulk", elastic.capture_cases),
    Kind("elastic-scenarios", "wire/elasticsearch/quickwit_rest_api_tests", elastic.scenario_cases),
    Kind("log-lines", "wire/captures/log_lines", log_captures.log_line_cases),
)  # fmt: skip
