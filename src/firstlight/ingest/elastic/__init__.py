"""Elasticsearch's protocol, on the way in: documents one by one or in bulk."""
