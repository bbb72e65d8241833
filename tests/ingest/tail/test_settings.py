"""What can be set about logs that are read where they are, and what is run for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from firstlight.errors import ConfigError
from firstlight.ingest.tail.settings import TailSettings
from firstlight.ingest.tail.start import tailers
from tests.ingest.tail.shelf import Shelf, surroundings

BAD = [
    # what it shows                settings                                                      what is said
    ("no expression",              {"files": [{"paths": ["a"], "multiline": "("}]},              "is no regular expression"),
    ("nor for containers",         {"docker": {"multiline": "("}},                               "is no regular expression"),
    ("no encoding",                {"files": [{"paths": ["a"], "encoding": "utf-99"}]},          "is no encoding"),
    ("no files",                   {"files": [{"paths": []}]},                                   "at least 1 item"),
    ("no address of an engine",    {"docker": {"socket": "docker"}},                             "want auto, a path"),
    ("an API for something else",  {"kubernetes": {"api": {"role": "node"}}},                    "cannot ask for node here"),
    ("lines longer than reads",    {"max_line": 3 * 1024 * 1024},                                "less than twice max_line"),
    ("an unknown setting",         {"journal": {"unit": "a"}},                                   "unit"),
]  # fmt: skip


@pytest.mark.parametrize(("told", "wanted"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_settings(told: dict[str, Any], wanted: str) -> None:
    with pytest.raises(ValidationError, match=wanted):
        TailSettings.model_validate(told)


RUN = [
    # what it shows             settings                                       what is run
    ("nothing by default",      {},                                            []),
    ("files",                   {"files": [{"paths": ["/a"]}]},                ["the log files"]),
    ("pods are files, too",     {"kubernetes": {"pods": "/var/log/pods"}},     ["the log files"]),
    ("and an API is asked",     {"kubernetes": {"pods": "/p", "api": {"api_server": "http://a"}}}, ["the log files", "the pods of this node"]),
    ("containers",              {"docker": {"socket": "auto"}},                ["the containers"]),
    ("the journal",             {"journal": {"read": True}},                   ["the journal"]),
]  # fmt: skip


@pytest.mark.parametrize(("told", "wanted"), [row[1:] for row in RUN], ids=[row[0] for row in RUN])
def test_what_is_run(tmp_path: Path, told: dict[str, Any], wanted: list[str]) -> None:
    with surroundings(Shelf()) as around:
        found = tailers(TailSettings.model_validate(told), tmp_path, around, {})

    assert [name for name, _ in found] == wanted


def test_an_engine_that_cannot_be_asked(tmp_path: Path) -> None:
    settings = TailSettings.model_validate({"docker": {"socket": "auto"}})
    with surroundings(Shelf()) as around, pytest.raises(ConfigError, match="DOCKER_HOST names; want unix"):
        tailers(settings, tmp_path, around, {"DOCKER_HOST": "ssh://a"})
