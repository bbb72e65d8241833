"""GELF, the format of Graylog."""
