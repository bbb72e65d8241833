"""What a client would like to be answered in: the `Accept` header."""

from __future__ import annotations


def media_types(accept: str) -> list[str]:
    """Return the media types that an `Accept` header lists, the most wanted first; what is not wanted is left out.

    >>> media_types("text/csv;q=0.5, application/json; charset=utf-8, text/html;q=0")
    ['application/json', 'text/csv']
    """
    weighed: list[tuple[float, str]] = []
    for part in accept.lower().split(","):
        name, *parameters = (word.strip() for word in part.split(";"))
        quality = next((word[2:] for word in parameters if word.startswith("q=")), "1")
        weight = float(quality) if quality.replace(".", "", 1).isdecimal() else 0.0
        if name and weight > 0:
            weighed.append((-weight, name))
    return [name for _, name in sorted(weighed, key=lambda row: row[0])]
