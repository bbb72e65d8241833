"""When a target is scraped. Pure: times are nanoseconds since 1970."""

from __future__ import annotations

from typing import Final

TOLERANCE: Final = 10_000_000
"""How late, in nanoseconds, a scrape still counts as made when it was due: even steps of time are stored smaller."""


def following(due: int, now: int, interval: int) -> tuple[int, int]:
    """Return when a scrape is due after the one of `due`, which is over `now`, and how many were missed meanwhile.

    Of those that should have begun already, the last is made up for at once.

    >>> following(due=100, now=104, interval=15), following(due=100, now=116, interval=15)
    ((115, 0), (115, 0))
    >>> following(due=100, now=150, interval=15)
    (145, 2)
    """
    behind = (now - due) // interval
    return (due + interval, 0) if behind <= 1 else (due + behind * interval, behind - 1)


def stamp(due: int, now: int, interval: int) -> int:
    """Return the time of samples, in milliseconds, of a scrape that was `due` and begins `now`."""
    tolerance = min(TOLERANCE, interval // 100)
    return (due if abs(now - due) <= tolerance else now) // 1_000_000
