"""Configurations of Prometheus: what it takes and refuses, we take and refuse."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from firstlight.errors import ConfigError
from firstlight.ingest.scrape.load import load_file
from tools.conformance.case import Case

REFUSED = (".bad.", ".incompatible.")

# Files beside the configurations, of other kinds.
OTHERS = ("rules", "kubernetes-rabbitmq", "rbac-setup", "http-config", "scrape_configs__")

# A file that configurations of the material name and that may not be in it. Cases only need that it has this job.
NAMED = Path("config/testdata/scrape_config_files.good.yml")
STAND_IN = "scrape_configs: [{job_name: prometheus, static_configs: [{targets: [host:1]}]}]\n"


def config_cases(folder: Path) -> Iterator[Case]:
    """Yield a case for each configuration: its name says whether it is good."""
    with tempfile.TemporaryDirectory() as laid_out:
        root = Path(laid_out)
        # Configurations name each other by path; two underscores stand for the slash.
        for path in folder.glob("*.y*ml"):
            copy = root / path.name.replace("__", "/")
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
        if not (root / NAMED).exists():
            (root / NAMED).parent.mkdir(parents=True, exist_ok=True)
            (root / NAMED).write_text(STAND_IN)
        for path in sorted(folder.glob("*.y*ml")):
            bad = any(word in path.name for word in REFUSED)
            if bad or not any(word in path.name.removesuffix(".good.yml").split("__", 1)[-1] for word in OTHERS):
                yield Case(path.name, partial(_has_verdict, root / path.name.replace("__", "/"), bad))


def _has_verdict(path: Path, bad: bool) -> None:
    try:
        load_file(path, {})
    except ConfigError as error:
        if not bad:
            raise AssertionError(f"refused, want it taken: {error}") from None
    else:
        if bad:
            raise AssertionError("taken; want it refused")
