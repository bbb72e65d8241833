"""`firstlight demo`: run small services that misbehave on schedule; see the `demo` room."""

from __future__ import annotations

from firstlight.demo.command import add_arguments, main

__all__ = ["SUMMARY", "add_arguments", "main"]

SUMMARY = "run small services that call each other and misbehave on schedule"
