"""Folders for what is measured, removed when all has been."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import partial
from pathlib import Path


def fresh_folder() -> Path:
    """Return a new folder, which is removed when this process ends.

    Not sooner: an ext4 without a journal does not use the inodes of a file again for some minutes after its end, and
    looks through them all for each new file. A server measured meanwhile pays for that with up to a fifth of its time.
    """
    folder = tempfile.mkdtemp(prefix="firstlight-bench-")
    atexit.register(partial(shutil.rmtree, folder, ignore_errors=True))
    return Path(folder)
