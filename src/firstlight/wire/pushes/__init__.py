"""What is pushed in other words than remote write: expositions, groups of them, InfluxDB lines, StatsD."""
