"""The OpenTelemetry protocol: <https://opentelemetry.io/docs/specs/otlp/>."""
