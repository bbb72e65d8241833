"""How the API of Kubernetes is reached: from within the cluster, by a kubeconfig, or as the settings say."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import SecretStr, ValidationError

from firstlight.ingest.scrape.client_settings import (
    AuthorizationSettings,
    BasicAuthSettings,
    ClientSettings,
    TlsSettings,
)
from firstlight.ingest.scrape.discovery.ask import mapping, sequence, text
from firstlight.ingest.scrape.discovery.group import DiscoveryFailed, join_host_port
from firstlight.ingest.scrape.discovery.kubernetes_settings import KubernetesSettings

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where a pod finds what it may say that it is."""


@dataclass(frozen=True, slots=True)
class Access:
    """Where the API is, and how requests to it are made."""

    server: str
    client: ClientSettings
    own_namespace: str = ""


def access(settings: KubernetesSettings, environ: Mapping[str, str], account: Path = ACCOUNT) -> Access:
    """Return how the API is reached; raise `DiscoveryFailed` if nothing says so."""
    if settings.kubeconfig_file and settings.kubeconfig_file != Path():
        return from_kubeconfig(settings.kubeconfig_file)
    if settings.api_server:
        return Access(settings.api_server.rstrip("/"), settings.client)
    return _in_cluster(environ, account)


def _in_cluster(environ: Mapping[str, str], account: Path) -> Access:
    host, port = environ.get("KUBERNETES_SERVICE_HOST"), environ.get("KUBERNETES_SERVICE_PORT")
    if not (host and port):
        raise DiscoveryFailed(
            "cannot reach Kubernetes: this is no pod (KUBERNETES_SERVICE_HOST is not set);"
            " want api_server or kubeconfig_file"
        )
    authority = account / "ca.crt"
    client = ClientSettings(
        authorization=AuthorizationSettings(credentials_file=account / "token"),
        tls_config=TlsSettings(ca_file=authority if authority.exists() else None),
    )
    try:
        namespace = (account / "namespace").read_text().strip()
    except OSError:
        namespace = ""
    return Access(f"https://{join_host_port(host, port)}", client, namespace)


def from_kubeconfig(path: Path) -> Access:
    """Return how a kubeconfig says that its current cluster is reached."""
    try:
        found = mapping(yaml.safe_load(path.read_text()))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise DiscoveryFailed(f"cannot read {path}: {' '.join(str(error).split())}") from None
    context = _named(found, "contexts", "context", text(found.get("current-context")), path)
    cluster = _named(found, "clusters", "cluster", text(context.get("cluster")), path)
    user = _named(found, "users", "user", text(context.get("user")), path) if context.get("user") else {}
    for unsupported in ("exec", "auth-provider"):
        if user.get(unsupported):
            raise DiscoveryFailed(
                f"cannot use {path}: its user has {unsupported}, which is not run here;"
                " want a token, a client's certificate, or a user and a password"
            )
    try:
        client = ClientSettings(
            tls_config=_tls(cluster, user, path.parent),
            basic_auth=BasicAuthSettings(
                username=text(user["username"]), password=SecretStr(text(user.get("password")))
            )
            if user.get("username")
            else None,
            authorization=_authorization(user, path.parent),
            proxy_url=text(cluster.get("proxy-url")) or None,
        )
    except (ValidationError, binascii.Error, UnicodeDecodeError) as error:
        told = error.errors(include_input=False)[0]["msg"] if isinstance(error, ValidationError) else error
        raise DiscoveryFailed(f"cannot use {path}: {told}") from None
    server = text(cluster.get("server")).rstrip("/")
    if not server:
        raise DiscoveryFailed(f"cannot use {path}: its current cluster has no server")
    return Access(server, client)


def _named(found: Mapping[str, Any], kind: str, inner: str, name: str, path: Path) -> Mapping[str, Any]:
    for one in map(mapping, sequence(found.get(kind))):
        if one.get("name") == name:
            return mapping(one.get(inner))
    raise DiscoveryFailed(f"cannot use {path}: there is no {name!r} among its {kind}")


def _tls(cluster: Mapping[str, Any], user: Mapping[str, Any], directory: Path) -> TlsSettings:
    key = _data(user, "client-key-data")
    return TlsSettings(
        ca=_data(cluster, "certificate-authority-data"),
        ca_file=_path(cluster, "certificate-authority", directory),
        cert=_data(user, "client-certificate-data"),
        cert_file=_path(user, "client-certificate", directory),
        key=SecretStr(key) if key else None,
        key_file=_path(user, "client-key", directory),
        server_name=text(cluster.get("tls-server-name")) or None,
        insecure_skip_verify=bool(cluster.get("insecure-skip-tls-verify")),
    )


def _authorization(user: Mapping[str, Any], directory: Path) -> AuthorizationSettings | None:
    if path := _path(user, "tokenFile", directory):
        return AuthorizationSettings(credentials_file=path)
    return AuthorizationSettings(credentials=SecretStr(text(user["token"]))) if user.get("token") else None


def _data(told: Mapping[str, Any], name: str) -> str | None:
    return base64.b64decode(text(told[name])).decode() if told.get(name) else None


def _path(told: Mapping[str, Any], name: str, directory: Path) -> Path | None:
    # What is there as data wins over what is named as a file.
    return directory / text(told[name]) if told.get(name) and not told.get(f"{name}-data") else None
