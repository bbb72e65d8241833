"""Scraping as Prometheus does it: what to scrape, from where, and under which labels."""
