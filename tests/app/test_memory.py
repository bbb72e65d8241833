"""Memory is given back without harm, and the age of the process is right."""

from __future__ import annotations

import subprocess
import sys

import pytest

from firstlight.app.memory import age

PROGRAM = """
import psutil, pyarrow.compute as pc, pyarrow as pa
from firstlight.app.memory import give_back
work = lambda: pc.sum(pc.add(pa.array(range(1000)), 1)).as_py()
first = work()
before = psutil.Process().memory_info().rss
give_back()
after = psutil.Process().memory_info().rss
assert work() == first
print(before, after)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux says what is mapped")
def test_code_is_given_back_and_runs_again() -> None:
    said = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=True, text=True).stdout

    before, after = map(int, said.split())
    assert after < before


def test_the_age_is_that_of_the_process() -> None:
    before = age()

    assert before > 0
    assert before <= age()


def test_a_library_that_is_kept_out_is_as_if_it_were_not_installed() -> None:
    program = """
import pyarrow as pa
from firstlight.app.memory import keep_out
keep_out("pandas")
print(pa.array([1, 2]).to_pylist())
try:
    import pandas
except ModuleNotFoundError as error:
    print(error)
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True).stdout

    assert said.splitlines() == ["[1, 2]", "pandas is kept out of this process"]
