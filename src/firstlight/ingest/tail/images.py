"""Names of container images, taken apart."""

from __future__ import annotations


def image_of(image: str) -> dict[str, str]:
    """Return the resource attributes that tell an image: its name, its tag, its digest.

    >>> image_of("registry:5000/web:1.2@sha256:ab")
    {'container.image.name': 'registry:5000/web', 'container.image.tags': '1.2', 'oci.manifest.digest': 'sha256:ab'}
    """
    named, _, digest = image.partition("@")
    name, colon, tag = named.rpartition(":")
    if not colon or "/" in tag:
        name, tag = named, ""
    found = {"container.image.name": name, "container.image.tags": tag, "oci.manifest.digest": digest}
    return {attribute: value for attribute, value in found.items() if value}
