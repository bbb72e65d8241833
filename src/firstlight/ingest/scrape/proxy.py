"""Which proxy a request goes by, if any."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address, ip_network

from yarl import URL

from firstlight.ingest.scrape.client_settings import ProxySettings

DEFAULT_PORTS = {"http": 80, "https": 443}


def proxy_for(settings: ProxySettings, target: URL, environ: Mapping[str, str]) -> str | None:
    """Return the URL of the proxy by which `target` is reached; None if there is none."""
    if settings.proxy_from_environment:
        name = f"{target.scheme}_proxy"
        proxy = environ.get(name.upper()) or environ.get(name)
        excepted = environ.get("NO_PROXY") or environ.get("no_proxy") or ""
        # As in Go: what is on this machine never goes by the environment's proxy.
        if target.host == "localhost" or _is_loopback(target.host or ""):
            return None
    else:
        proxy, excepted = settings.proxy_url, settings.no_proxy or ""
    if not proxy or is_excepted(target.host or "", target.port or DEFAULT_PORTS.get(target.scheme, 0), excepted):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def is_excepted(host: str, port: int, excepted: str) -> bool:
    """Return whether `host` is among the comma-separated hosts, domains, addresses and networks of a NO_PROXY.

    >>> is_excepted("api.example.com", 443, "example.com"), is_excepted("10.1.2.3", 80, "10.0.0.0/8")
    (True, True)
    """
    return any(_is_meant(host.lower().rstrip("."), port, one.strip().lower()) for one in excepted.split(","))


def _is_meant(host: str, port: int, one: str) -> bool:
    if not one or one == "*":
        return one == "*"
    if "/" in one:
        try:
            return ip_address(host) in ip_network(one, strict=False)
        except ValueError:
            return False
    name, colon, wanted = one.rpartition(":")
    if colon and wanted.isdecimal() and (":" not in name or name.endswith("]")):
        if int(wanted) != port:
            return False
        one = name.strip("[]")
    if one.startswith("*."):
        one = one[1:]
    # A domain stands for itself and what is in it; with a dot before it, for what is in it only.
    return host == one or host.endswith(one if one.startswith(".") else f".{one}")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
