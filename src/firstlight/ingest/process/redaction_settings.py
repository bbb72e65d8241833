"""What can be set about redaction."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from firstlight.errors import brief, unknown_word
from firstlight.ingest.process.redaction_detectors import DETECTORS
from firstlight.model.regex import BadRegex, check

Action = Literal["mask", "hash", "drop"]
"""To put *** in its place, a keyed hash by which equal values are known to be equal, or nothing."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


class CustomDetector(BaseModel):
    """A detector of one's own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="what it is counted as: small letters, digits and underscores")
    regex: str = Field(description="what it finds, an expression of RE2; of a group called secret, only that")
    action: Action = Field(default="mask", description="what is done with what it finds")

    @field_validator("name")
    @classmethod
    def _check_name(cls, name: str) -> str:
        if not _NAME.fullmatch(name) or name in DETECTORS:
            raise ValueError(
                f"cannot call a detector {brief(name)}; want small letters, digits and underscores, and no built-in one"
            )
        return name

    @field_validator("regex")
    @classmethod
    def _check_regex(cls, regex: str) -> str:
        return checked_regex(regex)


def checked_regex(regex: str) -> str:
    """Return an expression of RE2; raise ValueError if it is none, or matches where there is nothing."""
    try:
        check(regex)
    except BadRegex as error:
        words = str(error).removeprefix("error parsing regexp: ")
        raise ValueError(f"cannot read the regex {brief(regex)}: {words}") from None
    if not regex:
        raise ValueError("cannot use an empty regex; want what is to be found")
    return regex


class RedactionSettings(BaseModel):
    """What is made unreadable before it is stored: in bodies, fields and attributes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    detectors: Mapping[str, Action] = Field(
        default_factory=dict,
        description=f"what is done with what a built-in detector finds, by its name: {', '.join(DETECTORS)}",
    )
    custom: tuple[CustomDetector, ...] = Field(default=(), description="more detectors")
    fields: Mapping[str, Action] = Field(
        default_factory=dict,
        description="what is done with the whole value of a field or attribute, by its name; with a name of an object, "
        "with all that is in it",
    )
    hash_key: SecretStr | None = Field(
        default=None, description="the key of hashes, 16 characters or more, so that nobody can try out what was hashed"
    )

    @field_validator("detectors")
    @classmethod
    def _check_detectors(cls, detectors: Mapping[str, Action]) -> Mapping[str, Action]:
        for name in detectors:
            if name not in DETECTORS:
                raise ValueError(unknown_word("detector", name, DETECTORS))
        return detectors

    @field_validator("hash_key")
    @classmethod
    def _check_key(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and len(key.get_secret_value()) < 16:
            raise ValueError(
                "cannot use a key of less than 16 characters; want a longer one, such as of `openssl rand -hex 16`"
            )
        return key

    @model_validator(mode="after")
    def _has_key(self) -> Self:
        actions = {*self.detectors.values(), *self.fields.values(), *(one.action for one in self.custom)}
        if "hash" in actions and self.hash_key is None:
            raise ValueError("the action hash needs hash_key; set one, such as of `openssl rand -hex 16`")
        names = [one.name for one in self.custom]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise ValueError(f"there are two custom detectors called {twice}; want each name once")
        return self

    @property
    def is_on(self) -> bool:
        """Whether anything is redacted."""
        return bool(self.detectors or self.custom or self.fields)
