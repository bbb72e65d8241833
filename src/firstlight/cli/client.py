"""A running server, asked over HTTP: what the words of the command line that show something have in common.

Made of the standard library alone, so that a word answers fast. What cannot be had is a `UserError`: nobody answers,
the server says no (its words are handed on as they are), or an answer breaks off.
"""

from __future__ import annotations

import argparse
import json
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, Final, Self
from urllib.parse import quote, urlencode, urlsplit

from firstlight.cli.configuration import SERVER_VARIABLE
from firstlight.errors import ConfigError, UserError, brief

USUAL: Final = "http://127.0.0.1:1610"
"""Where a server answers that was not told otherwise."""

CONNECT_SECONDS: Final = 5.0
PIECE: Final = 65_536

API: Final = "/api/firstlight/v1"
PROMETHEUS: Final = "/api/v1"

FORMATS: Final[Mapping[str, str]] = {
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "csv": "text/csv",
    "arrow": "application/vnd.apache.arrow.stream",
}
"""The forms that the answer to SQL can have, and how HTTP calls them."""


class Unreachable(UserError):
    """Nobody answers there."""


class Refused(UserError):
    """The server said no: these are its words, and how HTTP calls it."""

    def __init__(self, words: str, status: int) -> None:
        super().__init__(words)
        self.status = status


class BrokenOff(UserError):
    """An answer that began and did not end."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the option that says which server is asked."""
    parser.add_argument(
        "--server",
        metavar="URL",
        default=argparse.SUPPRESS,  # it may stand at more than one place, and none of them is to undo another
        help=f"the server to ask (${SERVER_VARIABLE}, or else {USUAL})",
    )


@dataclass(frozen=True, slots=True)
class Server:
    """A server by its URL. Each question is a connection of its own."""

    url: str

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> Self:
        """Return the server that was named: by the option, in the environment, or else the usual one."""
        url = getattr(arguments, "server", None) or os.environ.get(SERVER_VARIABLE) or USUAL
        parts = urlsplit(url)
        try:
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:  # a port that is none
            usable = False
        if not usable or parts.query or parts.fragment or parts.username is not None:
            raise ConfigError(f"cannot ask {brief(url)}; want the URL of a server, such as {USUAL}")
        return cls(url.rstrip("/"))

    def answer(self, query: str, parameters: Mapping[str, object]) -> dict[str, Any]:
        """Return what SQL has for an answer, whole: `columns`, `rows`, `row_count`, `truncated`, `statistics`."""
        return read_object(b"".join(self.pieces(query, parameters, "json")))

    def rows(self, query: str, parameters: Mapping[str, object]) -> Iterator[dict[str, Any]]:
        """Yield what SQL has for an answer, row by row."""
        for line in lines_of(self.pieces(query, parameters, "ndjson")):
            yield read_object(line)

    def pieces(self, query: str, parameters: Mapping[str, object], form: str) -> Iterator[bytes]:
        """Yield what SQL has for an answer as the server sends it, in one of `FORMATS`."""
        body = json.dumps({"query": query, "params": parameters}).encode()
        headers = {"accept": FORMATS[form], "content-type": "application/json"}
        with self._asked("POST", f"{API}/sql", body, headers) as response:
            yield from _pieces(response)

    def get(self, path: str, options: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return what the server says under a path of its API."""
        with self._asked("GET", _with_options(path, options or {})) as response:
            return read_object(b"".join(_pieces(response)))

    def stream(self, path: str, options: Mapping[str, str], form: str = "ndjson") -> Iterator[bytes]:
        """Yield what the server says under a path of its API as it sends it, in one of `FORMATS`."""
        with self._asked("GET", _with_options(path, options), headers={"accept": FORMATS[form]}) as response:
            yield from _pieces(response)

    def send(self, method: str, path: str, body: bytes, form: str, allowed: Collection[int] = (200,)) -> dict[str, Any]:
        """Have the server take what is sent under a path of its API, in one of `FORMATS`; return what it says of it."""
        with self._asked(method, API + path, body, {"content-type": FORMATS[form]}, allowed=allowed) as response:
            text = b"".join(_pieces(response))
            return read_object(text) if text.strip() else {}

    def prometheus(self, path: str, options: Mapping[str, str]) -> bytes:
        """Return what the server answers under a path of Prometheus' API, as it comes."""
        body = urlencode(options, errors="replace").encode()
        headers = {"content-type": "application/x-www-form-urlencoded"}
        with self._asked("POST", PROMETHEUS + path, body, headers) as response:
            return b"".join(_pieces(response))

    def complaints(self) -> Mapping[str, str]:
        """Return what stands against the server's being ready, by which part of it says so."""
        with self._asked("GET", "/readyz", allowed=(200, 503)) as response:
            found: Mapping[str, str] = read_object(b"".join(_pieces(response)))["complaints"]
            return found

    @contextmanager
    def follow(self, path: str, options: Mapping[str, str], silence: float) -> Iterator[Iterator[dict[str, Any]]]:
        """Open a stream that goes on; what it yields are objects as they come, empty ones for signs of life.

        Nothing at all for `silence` seconds is taken for a stream that broke off.
        """
        asked = _with_options(path, options)
        with self._asked("GET", asked, headers={"accept": FORMATS["ndjson"]}, silence=silence) as response:
            yield (read_object(line) if line.strip() else {} for line in lines_of(_pieces(response)))

    @contextmanager
    def _asked(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        silence: float | None = None,
        allowed: Collection[int] = (200,),
    ) -> Iterator[HTTPResponse]:
        connection = self._connection()
        try:
            try:
                connection.connect()
                # How long an answer may take is the server's to decide, who has limits for everything.
                connection.sock.settimeout(silence)
                connection.request(method, urlsplit(self.url).path + path, body, dict(headers or {}))
                response = connection.getresponse()
            except (OSError, HTTPException) as error:
                raise Unreachable(f"cannot reach a server at {self.url}: {_why(error)}; {self._help()}") from None
            if response.status not in allowed:
                raise Refused(self._refusal(response), response.status)
            yield response
        finally:
            connection.close()

    def _connection(self) -> HTTPConnection:
        parts = urlsplit(self.url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        return kind(parts.hostname or "", parts.port, timeout=CONNECT_SECONDS)

    def _help(self) -> str:
        start = "start one with `firstlight up` (`make up` in a checkout)"
        return f"{start}, or name another with --server" if self.url == USUAL else f"{start}, or correct --server"

    def _refusal(self, response: HTTPResponse) -> str:
        text = b"".join(_pieces(response)).decode(errors="replace")
        try:
            return told(json.loads(text))
        except (ValueError, TypeError, KeyError):
            # Something else listens there, or stands in between.
            return f"cannot ask {self.url}: it answered {response.status} {response.reason}; want a firstlight server"


def told(fault: Any) -> str:
    """Return what a server says of a failure, in its own words; raise KeyError or TypeError if this is no failure."""
    words = str(fault["error"])
    if "caret" not in fault:
        return words
    return f"{fault['language']}, line {fault['line']}, column {fault['column']}: {words}\n{fault['caret']}"


def _why(error: Exception) -> str:
    """Return the error in a few words, without numbers and names of Python's."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return re.sub(r"^\[[^\]]*\] *", "", words)


def _pieces(response: HTTPResponse) -> Iterator[bytes]:
    while True:
        try:
            piece = response.read1(PIECE)
        except (OSError, HTTPException):
            raise _broken_off() from None
        if not piece and response.length:
            raise _broken_off()
        if not piece:
            return
        yield piece


def _broken_off() -> BrokenOff:
    return BrokenOff("cannot read the answer to its end: the server broke it off; its log may tell why")


def _with_options(path: str, options: Mapping[str, str]) -> str:
    return f"{API}{path}?{urlencode(options, quote_via=quote, errors='replace')}" if options else API + path


def lines_of(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines of what comes in pieces."""
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
    if rest:
        yield rest


def read_object(text: bytes) -> dict[str, Any]:
    """Return a JSON object; raise what the server says in it of a failure that came after the answer had begun."""
    try:
        read = json.loads(text)
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise BrokenOff(f"cannot read the answer: it is {brief(text)}; want a firstlight server of this version")
    if "error" in read:
        # Within rows the failure is a row of its own; an answer in JSON has it beside its rows.
        raise Refused(told(read["error"] if isinstance(read["error"], dict) else read), 200)
    return read
