"""Log files that are looked at as they grow, from where was left off."""
