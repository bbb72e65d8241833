"""firstlight: receives, stores, queries, alerts on and shows the telemetry of other programs."""

__version__ = "0.1.0"
