"""Syslog, as RFC 5424 and RFC 3164 write it, and as devices do."""
