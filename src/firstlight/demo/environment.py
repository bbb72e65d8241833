"""What the OpenTelemetry SDK of the demo's services is told by environment variables, its own way of being told."""

from __future__ import annotations

from collections.abc import Mapping

DEFAULTS = {
    "OTEL_BSP_SCHEDULE_DELAY": "1000",  # spans, logs (ms): what happens is seen within a second or two
    "OTEL_BLRP_SCHEDULE_DELAY": "1000",
    "OTEL_METRIC_EXPORT_INTERVAL": "5000",
    "OTEL_SEMCONV_STABILITY_OPT_IN": "http,database",  # today's names of attributes and metrics, not those of 2022
    "GRPC_VERBOSITY": "NONE",  # that a server is away is told once, by the parent
}
"""What holds unless the environment of the demo says otherwise."""

LOOPBACK = "127.0.0.1,localhost"


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a service, from the one the demo was started in: no proxy stands before loopback."""
    exempt = ",".join(part for part in (given.get("NO_PROXY", given.get("no_proxy", "")), LOOPBACK) if part)
    return {**DEFAULTS, **given, "NO_PROXY": exempt, "no_proxy": exempt}
