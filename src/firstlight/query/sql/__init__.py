"""The user's own SQL, fenced: read-only, about the views and nothing else, within limits."""
