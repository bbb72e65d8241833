"""Benchmarks: `python -m bench [NAME ...]`, or `make bench`. What they measure is in docs/performance.md."""
