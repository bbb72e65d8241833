"""Loki's HTTP API: what Grafana, logcli and other clients of Loki ask, answered from what is stored here."""
