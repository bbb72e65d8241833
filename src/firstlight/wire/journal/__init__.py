"""The export format of systemd's journal."""
