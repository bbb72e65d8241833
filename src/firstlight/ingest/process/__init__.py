"""What becomes of log records between decoding and storing: understood, redacted, sent through pipelines."""
