"""From when to when, as the words about logs are told it."""

from __future__ import annotations

import argparse
import re
from datetime import datetime
from typing import Final

from firstlight.errors import ConfigError

SECONDS: Final = re.compile(r"[0-9]{1,19}(?:\.[0-9]{1,9})?")


def add_arguments(parser: argparse.ArgumentParser, default: str) -> None:
    """Add the options that say from when to when; `default` is what it is if nothing is said."""
    parser.add_argument(
        "--since", metavar="DURATION", type=moment, help=f"no older than this, such as 15m or 7d ({default})"
    )
    parser.add_argument("--from", dest="start", metavar="TIME", type=moment, help="from this time on, not --since")
    parser.add_argument("--to", dest="end", metavar="TIME", type=moment, help="to before this time (now)")


def options(arguments: argparse.Namespace) -> dict[str, str]:
    """Return what the server is told of it."""
    if arguments.since and arguments.start:
        raise ConfigError("cannot begin at two times: found --since and --from; want one of them")
    told = {"since": arguments.since or arguments.start, "until": arguments.end}
    return {name: text for name, text in told.items() if text}


def moment(text: str) -> str:
    """Return a time as the server reads it: how long ago, seconds since 1970, or a time with its zone.

    Without a zone it is one of the clocks here. Raise what argparse understands.
    """
    from firstlight.config.units import duration

    if SECONDS.fullmatch(text):
        return text
    try:
        duration(text)
    except ValueError:
        pass
    else:
        return text
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"cannot read {text!r}; want how long ago, such as 15m, a time such as 2026-01-31T12:00:00Z, or seconds"
            " since 1970"
        ) from None
    # Python reads microseconds; what is finer stays in the text.
    return text if time.tzinfo else f"{text}{time.astimezone().isoformat()[-6:]}"
