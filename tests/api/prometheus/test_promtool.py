"""Prometheus' own tool asks, and prints what it understood (P5)."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence

import pytest

from tests.api.prometheus.conftest import Api
from tests.query.metrics.shop import NOW

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed: apt-get install prometheus"),
]

AT = NOW // 1000
HERE = "URL"

CASES: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    "an instant": (
        ("query", "instant", f"--time={AT}", HERE, 'up{job="a"}'),
        [f'up{{instance="x", job="a"}} => 0 @[{AT}]'],
    ),
    "a scalar": (("query", "instant", f"--time={AT}", HERE, "1+1"), [f"scalar: 2 @[{AT}]"]),
    "a range": (
        ("query", "range", f"--start={AT - 60}", f"--end={AT}", "--step=60s", HERE, 'sum by (job) (up{job="b"})'),
        ['{job="b"} =>', f"1 @[{AT - 60}]", f"1 @[{AT}]"],
    ),
    "series": (
        ("query", "series", f"--start={AT - 60}", f"--end={AT}", "--match=requests_total", HERE),
        ['{__name__="requests_total", code="200", job="a"}', '{__name__="requests_total", code="500", job="a"}'],
    ),
    "labels": (("query", "labels", f"--start={AT - 60}", f"--end={AT}", HERE, "code"), ["200", "500"]),
}


async def run(api: Api, words: Sequence[str]) -> tuple[int, str]:
    command = ["promtool", *(word.replace(HERE, api.url) for word in words)]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(30):
        output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


@pytest.mark.parametrize(("words", "lines"), CASES.values(), ids=CASES)
async def test_promtool_is_answered(api: Api, words: Sequence[str], lines: Sequence[str]) -> None:
    code, output = await run(api, words)

    assert (code, [line.strip() for line in output.splitlines() if line.strip()]) == (0, list(lines))


async def test_promtool_is_refused_in_words_that_it_shows(api: Api) -> None:
    code, output = await run(api, ("query", "instant", HERE, "sum("))

    assert code == 1
    assert 'bad_data: invalid parameter "query": 1:5: parse error: unclosed left parenthesis' in output
