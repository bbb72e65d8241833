"""What the benchmarks send: OTLP requests with the attributes, the sizes and the variety of real ones."""
