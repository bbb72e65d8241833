"""What every test may use: the asyncio backend, one hypothesis profile, and a word about empty runs."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

# The normal run is the same for everyone: derived from the test, without a clock and without a database of past failures.
settings.register_profile(
    "normal",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
# `make test-slow` looks further, and elsewhere each time.
settings.register_profile("deep", settings.get_profile("normal"), derandomize=False, max_examples=2_000)
settings.load_profile("normal")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run `@pytest.mark.anyio` tests on asyncio, which is what the server runs on."""
    return "asyncio"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int) -> None:
    """Say why a run without a test failed, since pytest answers it with a bare exit code 5."""
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
        config = terminalreporter.config
        terminalreporter.write_line(
            f"no test was run: none matches -m {config.option.markexpr!r} and -k {config.option.keyword!r}"
            f" in {' '.join(config.args)}; slow tests are run by `make test-slow`"
        )
