"""Metrics beside Prometheus and VictoriaMetrics: the same data, the same requests, the same queries."""
