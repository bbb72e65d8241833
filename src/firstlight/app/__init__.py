"""Builds everything from the settings, starts it, stops it, reloads it. The only room that knows all others."""
