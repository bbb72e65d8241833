"""LogQL: what is asked of logs, in the language of Loki 3."""
