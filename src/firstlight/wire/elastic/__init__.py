"""Elasticsearch's documents: how they become log records, and how these become documents again."""
