"""The forward protocol of Fluentd and Fluent Bit."""
