"""Certificates for tests of TLS, made when they are wanted."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate of localhost that is its own authority, and its key."""
    if not shutil.which("openssl"):
        pytest.skip("there is no openssl on this machine to make certificates")
    folder = tmp_path_factory.mktemp("certificates")
    made = subprocess.run(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
        " -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout key.pem -out cert.pem".split(),
        cwd=folder, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    return folder


def files(folder: Path, **more: Path) -> dict[str, Path]:
    return {"cert_file": folder / "cert.pem", "key_file": folder / "key.pem", **more}
