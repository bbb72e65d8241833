"""Reading of logs that is no query: what stands around a line, which fields there are, how many lines of each level."""
