"""The formats of others, both ways: pure functions between bytes and values."""
