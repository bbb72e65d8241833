"""The pages that are made from the code are as the code is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tools.pages import PAGES
from tools.source import TOP


@pytest.mark.parametrize(("name", "make"), PAGES.items(), ids=PAGES)
def test_is_up_to_date(name: str, make: Callable[[], str]) -> None:
    assert (TOP / "docs" / name).read_text() == make(), "run python -m tools.pages"
