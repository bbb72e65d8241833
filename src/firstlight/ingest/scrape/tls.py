"""TLS as settings say it, from files that may be renewed while they are in use."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from firstlight.errors import UserError
from firstlight.ingest.scrape.client_settings import TlsSettings, is_set

_VERSIONS: Mapping[str, ssl.TLSVersion] = MappingProxyType({
    "TLS10": ssl.TLSVersion.TLSv1,
    "TLS11": ssl.TLSVersion.TLSv1_1,
    "TLS12": ssl.TLSVersion.TLSv1_2,
    "TLS13": ssl.TLSVersion.TLSv1_3,
})  # fmt: skip


class TlsFailed(UserError):
    """Certificates or keys that cannot be used."""


@dataclass(slots=True)
class Tls:
    """The context of connections, made anew when one of its files has changed."""

    settings: TlsSettings
    _made: ssl.SSLContext | None = None
    _stamps: tuple[tuple[int, int], ...] = field(default=())

    def context(self) -> ssl.SSLContext:
        """Return the context; raise `TlsFailed` if a file cannot be used."""
        stamps = tuple(self._stamp())
        if self._made is None or stamps != self._stamps:
            self._made, self._stamps = make_context(self.settings), stamps
        return self._made

    def _stamp(self) -> list[tuple[int, int]]:
        found = []
        for path in (self.settings.ca_file, self.settings.cert_file, self.settings.key_file):
            if path and is_set(path):
                with suppress(OSError):
                    status = path.stat()
                    found.append((status.st_mtime_ns, status.st_size))
        return found


def make_context(settings: TlsSettings) -> ssl.SSLContext:
    """Return a context for connections to servers; raise `TlsFailed` if a file cannot be used."""
    context = ssl.create_default_context()
    try:
        if settings.ca or is_set(settings.ca_file):
            # Who names an authority trusts no other.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_verify_locations(cafile=settings.ca_file, cadata=settings.ca)
        _load_pair(context, settings)
    except (OSError, ssl.SSLError, ValueError) as error:
        paths = [str(path) for path in (settings.ca_file, settings.cert_file, settings.key_file) if path]
        named = f" ({', '.join(paths)})" if paths else ""
        raise TlsFailed(f"cannot use the certificates of tls_config{named}: {error}") from None
    if settings.insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.minimum_version = _VERSIONS[settings.min_version or "TLS12"]
    if settings.max_version:
        context.maximum_version = _VERSIONS[settings.max_version]
    return context


def _load_pair(context: ssl.SSLContext, settings: TlsSettings) -> None:
    if not (settings.cert or is_set(settings.cert_file)):
        return
    # Python takes them from files only; those that are given as text are in one for a moment, that nobody else reads.
    with tempfile.TemporaryDirectory() as directory:
        certificate, key = settings.cert_file, settings.key_file
        if settings.cert:
            certificate = Path(directory) / "cert.pem"
            certificate.write_text(settings.cert)
        if settings.key and is_set(settings.key):
            key = Path(directory) / "key.pem"
            key.write_text(settings.key.get_secret_value())
        context.load_cert_chain(certificate or "", key)
