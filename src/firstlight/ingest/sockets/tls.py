"""TLS of sockets that listen, as settings say it."""

from __future__ import annotations

import ssl

from firstlight.errors import UserError
from firstlight.ingest.sockets.settings import ServerTlsSettings


class CertificatesUnusable(UserError):
    """Certificates or a key that cannot be used."""


def server_context(settings: ServerTlsSettings) -> ssl.SSLContext:
    """Return the context for connections of clients; raise `CertificatesUnusable` if a file cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Who only sends never reads a ticket, and to close with something unread breaks a connection and loses what is
    # under way.
    context.num_tickets = 0
    try:
        context.load_cert_chain(settings.cert_file, settings.key_file)
        if settings.client_ca_file:
            context.load_verify_locations(settings.client_ca_file)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as error:
        files = [settings.cert_file, settings.key_file, settings.client_ca_file]
        named = ", ".join(str(path) for path in files if path)
        reason = error.reason if isinstance(error, ssl.SSLError) and error.reason else error.strerror or str(error)
        raise CertificatesUnusable(
            f"cannot use the certificates of tls ({named}): {reason}; want PEM files, the key without a password"
        ) from None
    return context
