"""Why a query of LogQL that was understood has no answer, in Loki's words, which clients compare."""

from __future__ import annotations

from firstlight.errors import UserError
from firstlight.query.promql.labels import label_text
from firstlight.query.promql.values import Labels

ERROR = "__error__"


class LogqlFailed(UserError):
    """A query that is correct and cannot be answered over what is stored, or not in this way. HTTP: 400."""


INSTANT_LOGS = "log queries are not supported as an instant query type, please change your query to a range query type"
"""Said where lines are asked for at an instant."""


def too_many_series(limit: int) -> LogqlFailed:
    """Return what is said of a query with more series than one may have."""
    return LogqlFailed(
        f"maximum number of series ({limit}) reached for a single query; consider reducing query cardinality by adding"
        " more specific stream selectors, reducing the time range, or aggregating results with functions like sum(),"
        " count() or topk()"
    )


def too_many_entries(asked: int, limit: int) -> LogqlFailed:
    """Return what is said of a log query that asks for more lines than one may."""
    return LogqlFailed(f"max entries limit per query exceeded, limit > max_entries_limit_per_query ({asked} > {limit})")


def pipeline_error(labels: Labels) -> LogqlFailed:
    """Return what is said of a sample that has an error among its labels."""
    kind = dict(labels).get(ERROR, "")
    return LogqlFailed(
        f"pipeline error: '{kind}' for series: '{label_text(labels)}'.\n"
        f'Use a label filter to intentionally skip this error. (e.g | __error__!="{kind}").\n'
        'To skip all potential errors you can match empty errors.(e.g __error__="")\n'
        'The label filter can also be specified after unwrap. (e.g | unwrap latency | __error__="" )\n'
    )


def too_many_lines(limit: int) -> LogqlFailed:
    """Return what is said of a metric query that would read more lines than one may."""
    return LogqlFailed(
        f"cannot evaluate: the query reads more than {limit} lines one by one; want a shorter range, fewer"
        " streams, a line filter, or no parser"
    )


def too_many_steps() -> LogqlFailed:
    """Return what is said of a query with more steps than one may have."""
    return LogqlFailed(
        "exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter"
    )


def too_many_streams(limit: int) -> LogqlFailed:
    """Return what is said of a selector that matches more streams than one may."""
    return LogqlFailed(
        f"cannot evaluate: the selector matches more than {limit} streams; want a more specific one, or a shorter range"
    )
