"""What is pushed to Loki, as JSON and as protobuf."""
