"""Elasticsearch's API, on the way out: searches, and what clients ask before they send."""
