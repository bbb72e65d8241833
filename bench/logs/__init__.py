"""Log lines as services write them, sent over several protocols, and asked about."""
