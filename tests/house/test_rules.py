"""Each house rule bites what it is for, and lets pass what it is not for."""

from __future__ import annotations

import pytest

from tests.house import rules
from tools.source import parse

BITES = [
    # what                                   rule                     where                              the code
    ("a room above",                         rules.directions,        "src/firstlight/model/x.py",       "import firstlight.store.writer"),
    ("a room above, by name",                rules.directions,        "src/firstlight/model/x.py",       "from firstlight import store"),
    ("a room above, inside a function",      rules.directions,        "src/firstlight/wire/x.py",        "def f():\n    from firstlight.http import app"),
    ("rooms that never meet",                rules.directions,        "src/firstlight/ingest/x.py",      "from firstlight.store.writer import W"),
    ("the package itself is lowest",         rules.directions,        "src/firstlight/__init__.py",      "from firstlight.sdk import log"),
    ("a relative import",                    rules.absolute_imports,  "src/firstlight/store/x.py",       "from .client import C"),
    ("a relative import of a module",        rules.absolute_imports,  "tests/store/x.py",                "from .. import client"),
    ("a function in __init__",               rules.quiet_packages,    "src/firstlight/store/__init__.py", "def f(): ..."),
    ("a call in __init__",                   rules.quiet_packages,    "src/firstlight/store/__init__.py", "REGISTRY = dict()"),
    ("no module docstring",                  rules.module_docstrings, "tools/x.py",                      "A = 1"),
    ("no docstring on a function",           rules.public_docstrings, "src/firstlight/store/x.py",       "def f(): ..."),
    ("no docstring on a coroutine",          rules.public_docstrings, "src/firstlight/store/x.py",       "async def f(): ..."),
    ("no docstring on a method",             rules.public_docstrings, "src/firstlight/store/x.py",       "class C:\n    'C.'\n    def f(self): ..."),
    ("no docstring on a class in an if",     rules.public_docstrings, "bench/x.py",                      "if A:\n    class C: ..."),
    ("an empty name",                        rules.telling_names,     "src/firstlight/utils.py",         ""),
    ("an empty name of a folder",            rules.telling_names,     "tests/helpers/time.py",           ""),
    ("an empty name, half hidden",           rules.telling_names,     "src/firstlight/_query_utils.py",  ""),
    ("global",                               rules.no_globals,        "bench/x.py",                      "def f():\n    global A\n    A = 1"),
    ("a list that grows",                    rules.no_module_state,   "src/firstlight/sdk/x.py",         "SEEN = []\ndef f(x): SEEN.append(x)"),
    ("a typed dict that is filled",          rules.no_module_state,   "src/firstlight/sdk/x.py",         "CACHE: dict[str, int] = {}\ndef f(x): CACHE[x] = 1"),
    ("a counter that counts",                rules.no_module_state,   "src/firstlight/sdk/x.py",         "N = collections.Counter()\nasync def f(x): N[x] += 1"),
    ("a dict that is emptied",               rules.no_module_state,   "src/firstlight/sdk/x.py",         "N = dict()\ndef f(x):\n    del N[x]"),
    ("except Exception",                     rules.narrow_excepts,    "src/firstlight/http/x.py",        "try: f()\nexcept Exception: g()"),
    ("a bare except",                        rules.narrow_excepts,    "tests/http/x.py",                 "try: f()\nexcept: g()"),
    ("Exception among others",               rules.narrow_excepts,    "tools/x.py",                      "try: f()\nexcept (OSError, Exception) as e: g()"),
    ("BaseException, raised only sometimes", rules.narrow_excepts,    "tools/x.py",                      "try: f()\nexcept BaseException:\n    if a: raise\n    g()"),
    ("suppress of everything",               rules.narrow_excepts,    "tools/x.py",                      "with contextlib.suppress(Exception): f()"),
    ("print in the server",                  rules.no_print,          "src/firstlight/store/x.py",       "print(1)"),
    ("the time of day",                      rules.no_clock,          "src/firstlight/model/x.py",       "now = time.time_ns()"),
    ("the time of day, from time import",    rules.no_clock,          "src/firstlight/wire/x.py",        "now = time_ns()"),
    ("today",                                rules.no_clock,          "src/firstlight/query/x.py",       "now = datetime.datetime.now(UTC)"),
    ("a skip mark, bare",                    rules.skips_say_why,     "tests/x.py",                      "@pytest.mark.skip\ndef test_x(): ..."),
    ("a skip mark, called",                  rules.skips_say_why,     "tests/x.py",                      "@pytest.mark.skip()\ndef test_x(): ..."),
    ("a skip mark with a condition",         rules.skips_say_why,     "tests/x.py",                      "@pytest.mark.skipif(WINDOWS)\ndef test_x(): ..."),
    ("a skip in the middle",                 rules.skips_say_why,     "tests/x.py",                      "def test_x():\n    pytest.skip()"),
    ("a library that may be missing",        rules.skips_say_why,     "tests/x.py",                      "atheris = pytest.importorskip('atheris')"),
    ("a mock",                               rules.no_mocks,          "tests/x.py",                      "from unittest.mock import patch"),
    ("a mock, by module",                    rules.no_mocks,          "tests/x.py",                      "from unittest import mock"),
]  # fmt: skip

PASSES = [
    # what                                   rule                     where                              the code
    ("a room below",                         rules.directions,        "src/firstlight/wire/x.py",        "from firstlight.model import labels"),
    ("its own room",                         rules.directions,        "src/firstlight/store/x.py",       "from firstlight.store.client import C"),
    ("the version",                          rules.directions,        "src/firstlight/wire/x.py",        "from firstlight import __version__"),
    ("a test imports any room",              rules.directions,        "tests/model/x.py",                "import firstlight.app"),
    ("an absolute import",                   rules.absolute_imports,  "src/firstlight/store/x.py",       "from firstlight.store.client import C"),
    ("re-exports",                           rules.quiet_packages,    "src/firstlight/sdk/__init__.py",  "'S.'\nfrom firstlight.sdk.log import log\n__all__ = ['log']"),
    ("a module docstring",                   rules.module_docstrings, "tools/x.py",                      "'X.'\nA = 1"),
    ("an empty __init__",                    rules.module_docstrings, "src/firstlight/x/__init__.py",    ""),
    ("a private function",                   rules.public_docstrings, "src/firstlight/store/x.py",       "def _f(): ..."),
    ("a method of a private class",          rules.public_docstrings, "src/firstlight/store/x.py",       "class _C:\n    def f(self): ..."),
    ("a function in a function",             rules.public_docstrings, "src/firstlight/store/x.py",       "def f():\n    'F.'\n    def g(): ..."),
    ("an overload",                          rules.public_docstrings, "src/firstlight/store/x.py",       "@typing.overload\ndef f(): ..."),
    ("a setter",                             rules.public_docstrings, "src/firstlight/store/x.py",       "class C:\n    'C.'\n    @x.setter\n    def x(self, v): ..."),
    ("a test function",                      rules.public_docstrings, "tests/x.py",                      "def test_x(): ..."),
    ("a name that contains an empty one",    rules.telling_names,     "src/firstlight/wire/base64.py",   ""),
    ("nonlocal",                             rules.no_globals,        "bench/x.py",                      "def f():\n    a = 1\n    def g():\n        nonlocal a"),
    ("a table that is read",                 rules.no_module_state,   "src/firstlight/sdk/x.py",         "A = {1: 2}\ndef f(x): return A[x]"),
    ("a list of its own",                    rules.no_module_state,   "src/firstlight/sdk/x.py",         "def f(x):\n    seen = []\n    seen.append(x)"),
    ("a list by the same name",              rules.no_module_state,   "src/firstlight/sdk/x.py",         "a = []\ndef f(a): a.append(1)"),
    ("a narrow except",                      rules.narrow_excepts,    "src/firstlight/http/x.py",        "try: f()\nexcept (OSError, ValueError): g()"),
    ("cleaning up",                          rules.narrow_excepts,    "src/firstlight/http/x.py",        "try: f()\nexcept BaseException:\n    g()\n    raise"),
    ("print at the terminal",                rules.no_print,          "src/firstlight/cli/x.py",         "print(1)"),
    ("print in a tool",                      rules.no_print,          "tools/x.py",                      "print(1)"),
    ("a clock at the edge",                  rules.no_clock,          "src/firstlight/app/x.py",         "now = time.time_ns()"),
    ("how long it took",                     rules.no_clock,          "src/firstlight/query/x.py",       "start = time.monotonic()"),
    ("a skip with its reason",               rules.skips_say_why,     "tests/x.py",                      "@pytest.mark.skipif(WINDOWS, reason='no uvloop')\ndef test_x(): ..."),
    ("a skip with its reason, inside",       rules.skips_say_why,     "tests/x.py",                      "def test_x():\n    pytest.skip('no promtool here')"),
    ("a fake",                               rules.no_mocks,          "tests/x.py",                      "from firstlight.store.fake import FakeStore"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "path", "code"), [row[1:] for row in BITES], ids=[row[0] for row in BITES])
def test_bites(rule: rules.Rule, path: str, code: str) -> None:
    (complaint,) = rule(parse(path, code))

    assert complaint.startswith(f"{path}:")


@pytest.mark.parametrize(("rule", "path", "code"), [row[1:] for row in PASSES], ids=[row[0] for row in PASSES])
def test_lets_pass(rule: rules.Rule, path: str, code: str) -> None:
    assert list(rule(parse(path, code))) == []


def test_every_rule_is_shown_both_ways() -> None:
    assert {row[1] for row in BITES} == {row[1] for row in PASSES} == set(rules.RULES)
