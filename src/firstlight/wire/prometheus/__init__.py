"""What all of Prometheus' ways in share: the book of known series, and the texts and messages that are scraped."""
