"""One process per directory, and the one that comes too late is told who has it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from firstlight.store.faults import StoreUnusable
from firstlight.store.lock import LOCK_FILE, DirectoryLock

HOLD = "import sys, time; from pathlib import Path; from firstlight.store.lock import DirectoryLock;"
HOLD += "lock = DirectoryLock(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"

OUR_CODE = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}


def holder(directory: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(directory)], stdout=subprocess.PIPE, env=OUR_CODE)
    assert process.stdout
    assert process.stdout.readline() == b"held\n"
    process.stdout.close()
    return process


def test_a_second_process_is_refused_by_name(tmp_path: Path) -> None:
    with holder(tmp_path / "store") as process:
        with pytest.raises(StoreUnusable) as caught:
            DirectoryLock(tmp_path / "store")
        process.kill()

    assert str(caught.value) == (
        f"cannot open {tmp_path / 'store'}: process {process.pid} has it open; want one process per directory;"
        " stop that one, or choose another directory"
    )


def test_the_lock_goes_with_its_holder_however_that_dies(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        process.send_signal(signal.SIGKILL)

    DirectoryLock(tmp_path).release()


def test_who_has_it_is_written_down_while_it_is_had(tmp_path: Path) -> None:
    lock = DirectoryLock(tmp_path / "new" / "store")

    assert (tmp_path / "new" / "store" / LOCK_FILE).read_text() == f"{os.getpid()}\n"
    lock.release()
    lock.release()
    assert (tmp_path / "new" / "store" / LOCK_FILE).read_text() == ""


def test_a_new_directory_is_nobody_elses_to_read(tmp_path: Path) -> None:
    DirectoryLock(tmp_path / "store").release()

    assert (tmp_path / "store").stat().st_mode & 0o777 == 0o700


def test_what_is_no_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreUnusable, match="want a directory that this process may write to"):
        DirectoryLock(tmp_path / "file")
