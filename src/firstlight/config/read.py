"""From a file, the environment and the command line to settings.

The defaults of the model, then the file, then the environment, then ``--set``: what comes later wins. Either every
setting is good and the instance is returned, or one `ConfigError` says all that is wrong, each with its place. A
setting ``store.url`` is the variable ``FIRSTLIGHT_STORE_URL``; a variable that is no setting is an error as a key of
the file is. Nothing is read here but the file: the environment is an argument.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from firstlight.config.complain import faults
from firstlight.config.document import Document, Fault, Place, parse
from firstlight.config.shape import Key, Kind, Model, Setting, Shape, allows_null, at, dotted, settings
from firstlight.errors import Complaint, ConfigError, brief, unknown_word

PREFIX = "FIRSTLIGHT_"
FILE, ENVIRONMENT, OVERRIDE = range(3)

# What Kubernetes puts into the environment of every pod near a service called firstlight or firstlight-something.
_SERVICE_LINK = re.compile(r"FIRSTLIGHT(_\w+)?_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?)")

Settings = TypeVar("Settings", bound=BaseModel)


def read(
    model: type[Settings],
    *,
    path: Path | None = None,
    text: str | None = None,
    environ: Mapping[str, str] | None = None,
    overrides: Sequence[str] = (),
    not_settings: Collection[str] = (),
) -> Settings:
    """Return the settings, or raise one `ConfigError` that holds every fault.

    The file is read from `path`; `text`, if given, is taken for what is in it. `overrides` are ``key=value``, the last
    of equal keys wins. Variables of the environment in `not_settings` are left to others.
    """
    draft = _Draft((Kind(model),), Place(FILE, 0, str(path or "firstlight.yaml")))
    variables = environment_names(model)
    draft.take_file(_contents(path) if text is None and path else text or "")
    ours = {
        name: text for name, text in (environ or {}).items() if name.startswith(PREFIX) and name not in not_settings
    }
    draft.take_environment(ours, variables)
    draft.take_overrides(overrides, list(variables.values()))
    return draft.checked(model)


def environment_names(model: Model) -> dict[str, Setting]:
    """Return the settings that a variable of the environment can set, by its name."""
    names: dict[str, Setting] = {}
    for setting in settings(model):
        if setting.fixed and not setting.section:
            name = PREFIX + "_".join(map(str, setting.key)).upper()
            if name in names:
                both = f"{dotted(setting.key)} and {dotted(names[name].key)}"
                raise ValueError(f"BUG: {both} are both {name}; rename one")
            names[name] = setting
    return names


def _contents(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}; want a file of settings") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        words = f"cannot read the byte {data[error.start]:#04x}; want UTF-8 text"
        raise ConfigError(Complaint(f"{path}:{line}", "", words)) from None


@dataclass(slots=True)
class _Draft:
    """What has been read so far, the place of each value, and what is wrong already."""

    shape: Shape
    file: Place
    tree: dict[str, Any] = field(default_factory=dict)
    places: dict[Key, Place] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    unread: list[Key] = field(default_factory=list)

    def take_file(self, text: str) -> None:
        document = parse(text, self.shape, self.file)
        self._note(document)
        if isinstance(document.value, dict):
            self.tree = document.value
        elif document.value is not None:
            self.unread.append(())
            found = "a list" if isinstance(document.value, list) else "a single value"
            words = f"cannot read {found} as settings; want lines such as `name: value`"
            self.faults.append(Fault(self.file.at(1), (), words))

    def take_environment(self, environ: Mapping[str, str], known: Mapping[str, Setting]) -> None:
        for name in sorted(environ):
            if setting := known.get(name):
                self._set(setting.key, setting.shape, environ[name], Place(ENVIRONMENT, 0, name, setting.key))
            elif not _SERVICE_LINK.fullmatch(name):
                words = unknown_word("variable", name, known)
                self.faults.append(Fault(Place(ENVIRONMENT, 0, "environment"), (), words))

    def take_overrides(self, overrides: Sequence[str], known: Collection[Setting]) -> None:
        for number, override in enumerate(overrides):
            name, equals, text = override.partition("=")
            key = tuple(name.strip().split("."))
            place = Place(OVERRIDE + number, 0, f"--set {name.strip()}", key)
            shape = at(self.shape, key)
            if not equals:
                words = f"cannot read {brief(override)}; want key=value, such as {dotted(next(iter(known)).key)}=…"
                self.faults.append(Fault(replace(place, name="--set"), key, words))
            elif within := [dotted(one.key) for one in known if one.key[: len(key)] == key and one.key != key]:
                words = f"cannot set a whole section; want one of its settings, such as {within[0]}"
                self.faults.append(Fault(place, key, words))
            elif not shape:
                words = unknown_word("setting", dotted(key), [dotted(one.key) for one in known])
                self.faults.append(Fault(replace(place, name="--set"), key, words))
            else:
                self._set(key, shape, text, place)

    def _set(self, key: Key, shape: Shape, text: str, place: Place) -> None:
        document = _value(text, shape, place, key)
        self._note(document)
        if not document.readable:
            return
        holder: Any = self.tree
        for step in key[:-1]:
            if holder.get(step) is None:
                holder[step] = {}
            holder = holder[step]
            if not isinstance(holder, dict):
                return  # The file has something else where the section should be, and is told so.
        holder[key[-1]] = document.value

    def _note(self, document: Document) -> None:
        top = min(document.places, key=len)
        self.unread += [] if document.readable else [top]
        self.faults += document.faults
        self.places = {key: place for key, place in self.places.items() if key[: len(top)] != top} | document.places

    def checked(self, model: type[Settings]) -> Settings:
        # Nobody knows what a file that cannot be read would have set, so no more is said; nor of such a variable.
        if () not in self.unread:
            try:
                instance = model.model_validate(self.tree)
            except ValidationError as error:
                found = faults(error.errors(include_url=False), self.shape, self.tree, self.places)
                self.faults += [fault for fault in found if fault.key not in self.unread]
            else:
                if not self.faults:
                    return instance
        # Raised here, outside of `except`, so that no traceback can show what pydantic was given.
        raise ConfigError(*(fault.complaint() for fault in sorted(self.faults, key=lambda fault: fault.place)))


def _value(text: str, shape: Shape, place: Place, key: Key) -> Document:
    """Return the value that a text from outside of the file means: as YAML only where more than a word is wanted."""
    try:
        text.encode()
    except UnicodeEncodeError:  # Bytes that are no text come as lone surrogates.
        return Document(None, {key: place}, [Fault(place, key, "cannot read it; want UTF-8 text")], readable=False)
    if allows_null(shape) and text in ("", "null", "~"):
        return Document(None, {key: place})
    if all(kind.is_text and not (kind.model or kind.entries) for kind in shape):
        return Document(text, {key: place})
    return parse(text, shape, place, key)
