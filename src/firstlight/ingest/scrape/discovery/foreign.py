"""Ways of discovery that Prometheus has and firstlight has not.

They are checked as far as Prometheus' own checks are known, so that a file which it refuses is refused here, and are
otherwise understood as *a job whose targets are not discovered*: that is told loudly when the file is loaded. Nothing
of what they say is kept, so no secret of theirs is either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from firstlight.errors import brief, unknown_word
from firstlight.ingest.scrape.client_settings import ClientSettings, check_url


@dataclass(frozen=True, slots=True)
class Foreign:
    """What a kind of discovery requires."""

    required: str = ""
    """Settings that must not be empty."""
    one_of: tuple[str, ...] = ()
    """Settings of which exactly one must be set."""
    at_most_one_of: tuple[str, ...] = ()
    choices: Mapping[str, str] = field(default_factory=dict)
    """The words that a setting may be; with a * if it must be set."""
    url: str = ""
    """A setting that must be the URL of a server."""


FOREIGN: Mapping[str, Foreign] = MappingProxyType({
    "aws": Foreign(choices={"role": "* ec2 ecs lightsail msk elasticache rds"}),
    "azure": Foreign("subscription_id", choices={
        "authentication_method": "OAuth ManagedIdentity SDK WorkloadIdentity"}),
    "digitalocean": Foreign(),
    "dockerswarm": Foreign("host", choices={"role": "* services tasks nodes"}),
    "ec2": Foreign(),
    "eureka": Foreign("server", url="server"),
    "gce": Foreign("project zone"),
    "hetzner": Foreign(choices={"role": "* hcloud robot"}),
    "ionos": Foreign("datacenter_id"),
    "kuma": Foreign("server", url="server"),
    "lightsail": Foreign(),
    "linode": Foreign(),
    "marathon": Foreign("servers", at_most_one_of=(
        "auth_token", "auth_token_file", "bearer_token", "bearer_token_file", "basic_auth", "authorization")),
    "nerve": Foreign("servers paths"),
    "nomad": Foreign(),
    "oci": Foreign(),
    "openstack": Foreign("region", choices={
        "role": "* hypervisor instance loadbalancer", "availability": "public internal admin"}),
    "outscale": Foreign("region access_key", one_of=("secret_key", "secret_key_file")),
    "ovhcloud": Foreign("application_key application_secret consumer_key", choices={
        "service": "* vps dedicated_server"}),
    "puppetdb": Foreign("url query", url="url"),
    "scaleway": Foreign("project_id access_key", one_of=("secret_key", "secret_key_file"), choices={
        "role": "* instance baremetal"}),
    "serverset": Foreign("servers paths"),
    "stackit": Foreign("project"),
    "triton": Foreign("account dns_suffix endpoint", choices={"role": "container cn"}),
    "uyuni": Foreign("server username password"),
    "vultr": Foreign(),
})  # fmt: skip
"""The kinds, by the name before ``_sd_configs``."""


def check(kind: str, told: Mapping[str, Any]) -> None:
    """Raise `ValueError` if Prometheus would refuse these settings of a foreign kind."""
    wanted = FOREIGN[kind]
    for name, words in wanted.choices.items():
        _check_choice(kind, name, told.get(name), words.split())
    for name in wanted.required.split():
        if told.get(name) in (None, "", [], {}):
            raise ValueError(f"{kind} needs {name}")
    for names, least in ((wanted.one_of, 1), (wanted.at_most_one_of, 0)):
        found = [name for name in names if told.get(name) not in (None, "")]
        if names and not least <= len(found) <= 1:
            raise ValueError(f"found {' and '.join(found) or 'none'} of {', '.join(names)}; want one")
    if wanted.url:
        check_url(str(told[wanted.url]), schemes=("http", "https"))
    _check_more(kind, told)
    _check_client(told)


def _check_choice(kind: str, name: str, found: object, words: Sequence[str]) -> None:
    known = [word for word in words if word != "*"]
    if found in (None, ""):
        if "*" in words:
            raise ValueError(f"{kind} needs {name}; want one of {', '.join(known)}")
    elif str(found) not in known:
        raise ValueError(unknown_word(name, str(found), known))


def _check_more(kind: str, told: Mapping[str, Any]) -> None:
    if kind == "azure" and told.get("authentication_method") in (None, "", "OAuth"):
        for name in ("tenant_id", "client_id", "client_secret"):
            if not told.get(name):
                raise ValueError(f"azure needs {name} where authentication_method is OAuth")
    if kind == "nomad" and told.get("server", "a server") in (None, ""):
        raise ValueError("nomad needs a server; want one that is not empty, or no such line")
    if kind == "stackit" and told.get("endpoint"):
        check_url(str(told["endpoint"]), schemes=("http", "https"))
    filters = told.get("filters")
    for one in filters if isinstance(filters, list) else ():
        if not isinstance(one, dict) or not one.get("values"):
            raise ValueError(f"a filter of {kind} needs values; found {brief(one)}")
    paths = told.get("paths")
    for path in paths if isinstance(paths, list) else ():
        if not str(path).startswith("/"):
            raise ValueError(f"cannot use the path {brief(path)}; want one that begins with /")


def _check_client(told: Mapping[str, Any]) -> None:
    """Check what is said of requests, in the words that every kind shares."""
    said = {name: value for name, value in told.items() if name in ClientSettings.model_fields}
    try:
        # Scalars were read as YAML guesses them, since nothing said that text is wanted.
        ClientSettings.model_validate(_texts(said), strict=False)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=True)[0]
        where = ".".join(map(str, first["loc"]))
        told_by_us = first.get("ctx", {}).get("error") or first["msg"]
        raise ValueError(f"{where}: {told_by_us}" if where else str(told_by_us)) from None


def _texts(value: Any) -> Any:
    match value:
        case dict():
            return {name: _texts(entry) for name, entry in value.items()}
        case list():
            return [_texts(entry) for entry in value]
        case bool() | None:
            return value
    return str(value)
