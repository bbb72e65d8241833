"""What the protocols of log shippers share: records on their way to a batch, texts, times, lines, documents."""
