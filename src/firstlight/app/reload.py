"""What a running server takes over from new settings, and what needs a restart."""

from __future__ import annotations
