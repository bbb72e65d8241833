"""Elasticsearch's query language, lowered to SQL over log records."""
