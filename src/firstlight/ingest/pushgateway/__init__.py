"""Metrics that are pushed in groups, as to a Pushgateway, and kept until they are deleted."""
