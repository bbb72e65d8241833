"""Logstash's own way of sending events: a line of JSON each."""
