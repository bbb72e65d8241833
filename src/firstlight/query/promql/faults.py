"""Why an evaluation ended without a result."""

from __future__ import annotations

from firstlight.errors import UserError


class EvaluationFailed(UserError):
    """A query that is correct, but that cannot be evaluated over what is stored. The text is as Prometheus words it."""
