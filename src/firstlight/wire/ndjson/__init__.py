"""Lines of JSON or of plain text, each a log record: the format for whoever has no other."""
