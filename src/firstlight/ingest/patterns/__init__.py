"""Patterns of log lines: what lines have in common, mined as they come."""
