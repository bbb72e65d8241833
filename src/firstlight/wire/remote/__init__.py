"""Remote write and remote read: what Prometheus servers and agents say to each other."""
