"""Which format an `Accept` header asks for, of those that federation answers in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from firstlight.api.prometheus.names import SCHEMES, UNDERSCORES
from firstlight.http.accept import clauses

PROTOBUF: Final = "application/vnd.google.protobuf"
FAMILY: Final = "io.prometheus.client.MetricFamily"
TEXT: Final = "text/plain"
VERSIONS: Final = ("0.0.4", "1.0.0")


@dataclass(frozen=True, slots=True)
class Form:
    """A format, and how names are written in it that are not for everybody."""

    scheme: str = UNDERSCORES
    is_protobuf: bool = False
    version: str = VERSIONS[0]

    @property
    def content_type(self) -> str:
        """What the answer says that it is."""
        if self.is_protobuf:
            return f"{PROTOBUF}; proto={FAMILY}; encoding=delimited; escaping={self.scheme}"
        return f"{TEXT}; version={self.version}; charset=utf-8; escaping={self.scheme}"


def form_of(accept: str) -> Form:
    """Return the first form that an `Accept` header wants, and text if it wants none that there is.

    >>> form_of("text/plain;version=1.0.0;escaping=allow-utf-8;q=0.5,*/*;q=0.1")
    Form(scheme='allow-utf-8', is_protobuf=False, version='1.0.0')
    """
    scheme = UNDERSCORES
    for kind, parameters in clauses(accept):
        if parameters.get("escaping") in SCHEMES:
            scheme = parameters["escaping"]
        version = parameters.get("version", VERSIONS[0])
        if kind == TEXT and version in VERSIONS:
            return Form(scheme, version=version)
        if kind == PROTOBUF and (parameters.get("proto"), parameters.get("encoding")) == (FAMILY, "delimited"):
            return Form(scheme, is_protobuf=True)
    return Form(scheme)
