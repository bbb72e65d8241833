"""Prometheus' HTTP API, as version 3 answers it: <https://prometheus.io/docs/prometheus/latest/querying/api/>."""
