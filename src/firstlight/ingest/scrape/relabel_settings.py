"""The settings of a relabelling rule, with what Prometheus accepts and refuses."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from firstlight.errors import brief, unknown_word
from firstlight.ingest.scrape.relabel import ACTIONS, Rule, is_label_name
from firstlight.model.regex import BadRegex, check

_SET_TARGET = frozenset({"replace", "hashmod", "lowercase", "uppercase", "keepequal", "dropequal"})
_FIXED_REPLACEMENT = frozenset({"lowercase", "uppercase", "keepequal", "dropequal"})
_LEGACY_TEMPLATE = re.compile(r"(?:(?:[a-zA-Z_]|\$(?:\{\w+\}|\w+))+\w*)+", re.ASCII)
_ONLY = {
    "keepequal": ("source_labels and target_label", {"action", "source_labels", "target_label"}),
    "dropequal": ("source_labels and target_label", {"action", "source_labels", "target_label"}),
    "labeldrop": ("regex", {"action", "regex"}),
    "labelkeep": ("regex", {"action", "regex"}),
}


def _label_name(name: str) -> str:
    if not is_label_name(name):
        raise ValueError(f"cannot use {brief(name)} as the name of a label; want text in UTF-8 that is not empty")
    return name


LabelName = Annotated[str, AfterValidator(_label_name)]
"""The name of a label: any text but none."""


class RelabelSettings(BaseModel):
    """A rule that changes labels, or drops what carries them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source_labels: tuple[LabelName, ...] = Field(default=(), description="labels whose values are joined and looked at")
    separator: str = Field(default=";", description="what the values are joined with")
    regex: str | None = Field(default="(.*)", description="what the joined values, or names of labels, are to match")
    modulus: int = Field(default=0, ge=0, lt=2**64, description="what hashmod divides the hash by")
    target_label: str = Field(default="", description="the label that is set")
    replacement: str = Field(default="$1", description="what it is set to; $1 is what the regex's first group matched")
    action: str = Field(default="replace", description=f"what the rule does: one of {', '.join(ACTIONS)}")

    @field_validator("action")
    @classmethod
    def _check_action(cls, action: str) -> str:
        if action.lower() not in ACTIONS:
            raise ValueError(unknown_word("action", action, ACTIONS))
        return action.lower()

    @field_validator("regex")
    @classmethod
    def _check_regex(cls, regex: str | None) -> str:
        try:
            check(regex or "")
        except BadRegex as error:
            words = str(error).removeprefix("error parsing regexp: ")
            raise ValueError(f"cannot read the regex {brief(regex)}: {words}") from None
        return regex or ""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        self.check_names(legacy=False)
        if self.action == "hashmod" and not self.modulus:
            raise ValueError("the action hashmod needs a modulus; want one that is more than 0")
        if self.action in _FIXED_REPLACEMENT and self.replacement != "$1":
            raise ValueError(f"the action {self.action} takes no replacement; take it away")
        if self.action in _ONLY:
            wanted, allowed = _ONLY[self.action]
            changed = {name for name in self.model_fields_set - allowed if self._differs(name)}
            if changed:
                raise ValueError(
                    f"the action {self.action} takes only {wanted}; take away {', '.join(sorted(changed))}"
                )
        return self

    def _differs(self, name: str) -> bool:
        # A regex that says what the default says is still one that was written.
        return name in ("regex", "source_labels") or getattr(self, name) != type(self).model_fields[name].default

    def check_names(self, *, legacy: bool) -> None:
        """Raise `ValueError` if a label that the rule makes cannot be called so."""
        if self.action in _SET_TARGET and not self.target_label:
            raise ValueError(f"the action {self.action} needs a target_label; say which label is to be set")
        kind = "letters, digits and underscores" if legacy else "text in UTF-8"
        if self.action in _SET_TARGET:
            template = self.action == "replace" and "$" in self.target_label
            if not _is_name(self.target_label, legacy=legacy, template=template):
                raise ValueError(f"cannot use {brief(self.target_label)} as target_label; want {kind}")
        if self.action == "labelmap" and not _is_name(self.replacement, legacy=legacy, template=True):
            raise ValueError(f"cannot use {brief(self.replacement)} as the names that labelmap makes; want {kind}")

    def rule(self, *, legacy: bool = False) -> Rule:
        """Return the rule, ready to be applied."""
        return Rule(
            action=self.action,
            source_labels=self.source_labels,
            separator=self.separator,
            regex=self.regex or "",
            modulus=self.modulus,
            target_label=self.target_label,
            replacement=self.replacement,
            legacy=legacy,
        )


def _is_name(text: str, *, legacy: bool, template: bool) -> bool:
    if legacy and template:
        return _LEGACY_TEMPLATE.fullmatch(text) is not None
    return is_label_name(text, legacy=legacy)
