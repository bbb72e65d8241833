"""What the server measures itself without being asked: the host that it runs on."""
