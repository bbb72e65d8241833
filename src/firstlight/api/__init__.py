"""Answers over HTTP: in the dialects of other systems, and in our own."""
