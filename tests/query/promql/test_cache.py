"""What is remembered of queries, and which queries can be (P7)."""

from __future__ import annotations

import numpy as np
import pytest

from firstlight.query.promql.cache import ResultCache
from firstlight.query.promql.run import understood
from firstlight.query.promql.values import Labels, Steps, Vector

STEP = 10


def labels(name: str) -> Labels:
    """Return the labels of a series."""
    return (("job", name),)


def vector(**series: str) -> Vector:
    """Return series whose values are digits, or dots where there is none."""
    floats = np.array([[0.0 if one == "." else float(one) for one in text] for text in series.values()])
    present = np.array([[one != "." for one in text] for text in series.values()])
    return Vector([labels(name) for name in series], floats, present)


def text(found: Vector) -> dict[str, str]:
    """Return a vector as `vector` takes it."""
    return {
        one[0][1]: "".join(
            str(int(value)) if there else "."
            for value, there in zip(found.floats[row], found.present[row], strict=True)
        )
        for row, one in enumerate(found.labels)
    }


def steps(first: int, count: int) -> Steps:
    """Return steps from the one with a number on."""
    return Steps(first * STEP, STEP, count)


HITS = [
    # what                                     asked for   changed since   the steps that are known
    ("the same",                               (0, 5),     None,           {"a": "12345", "b": "...67"}),
    ("less",                                   (1, 2),     None,           {"a": "23"}),
    ("what goes on",                           (2, 9),     None,           {"a": "345", "b": ".67"}),
    ("what changed at a step is not known",    (0, 5),     20,             {"a": "12"}),
    ("nor what changed between steps",         (0, 5),     21,             {"a": "123"}),
    ("what changed after all does not matter", (0, 5),     41,             {"a": "12345", "b": "...67"}),
    ("what changed before all does",           (0, 5),     -7,             None),
    ("what begins before",                     (-1, 5),    None,           None),
    ("what begins after",                      (5, 5),     None,           None),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "changed", "known"), [case[1:] for case in HITS], ids=[case[0] for case in HITS])
def test_what_is_found(asked: tuple[int, int], changed: int | None, known: dict[str, str] | None) -> None:
    """Of five steps from 0 on."""
    cache = ResultCache(1 << 20)
    cache.keep("key", steps(0, 5), vector(a="12345", b="...67"), 1, lambda mark: None)
    found = cache.find("key", steps(*asked), lambda mark: changed)
    assert (found and text(found.vector)) == known
    assert found is None or found.count == found.vector.present.shape[1]


def test_what_is_known_before_stays_beside_it() -> None:
    """Up to as many steps again, if it still holds."""
    cache = ResultCache(1 << 20)
    cache.keep("key", steps(0, 4), vector(a="1234"), 1, lambda mark: None)
    cache.keep("key", steps(3, 4), vector(a="4567", b="9..."), 2, lambda mark: None)
    found = cache.find("key", steps(0, 7), lambda mark: None)
    assert found is not None
    assert text(found.vector) == {"a": "1234567", "b": "...9..."}
    cache.keep("key", steps(5, 2), vector(a="67"), 3, lambda mark: 0)
    assert cache.find("key", steps(3, 4), lambda mark: None) is None


def test_it_is_bounded() -> None:
    """What was asked for longest ago goes first; what is too large is not kept."""
    cache = ResultCache(8 * 600)
    for number in range(20):
        cache.keep(number, steps(0, 5), vector(a="12345"), 1, lambda mark: None)
    assert cache.nbytes <= 8 * 600
    assert cache.find(0, steps(0, 5), lambda mark: None) is None
    assert cache.find(19, steps(0, 5), lambda mark: None) is not None
    cache.keep("large", Steps(0, 1, 9_999), vector(a="1" * 9_999), 1, lambda mark: None)
    assert cache.find("large", Steps(0, 1, 5), lambda mark: None) is None


REACHES = [
    # the query                                                   how far ahead, None if it is more than its step
    ("x",                                                         0),
    ("x offset 1m",                                               -60_000),
    ("rate(x[5m] offset -1m)",                                    60_000),
    ("x offset 1m + y",                                           0),
    ("max_over_time(rate(x[5m] offset 1m)[10m:1m] offset 30s)",   -90_000),
    ("topk(scalar(y), x)",                                        0),
    ('label_replace(x, "a", "$1", "b", "(.*)")',                  0),
    ("histogram_quantile(0.9, sum by (le) (rate(x[5m])))",        0),
    ("absent(x)",                                                 0),
    ("x or y",                                                    0),
    ("sort(x)",                                                   0),
    ("x @ 5",                                                     None),
    ("x @ end()",                                                 None),
    ("rate(x[5m:1m] @ start())",                                  None),
    ('{job="a"}',                                                 None),
    ('{__name__=~"x|y"}',                                         None),
    ("1 + time()",                                                None),
    ("x + end()",                                                 None),
    ("x * step()",                                                None),
    ("rate(x[2 * step()])",                                       None),
    ("x[5m] offset step()",                                       None),
    ("rate(x[5m] smoothed)",                                      None),
    ("limitk(2, x)",                                              None),
    ("limit_ratio(0.5, x)",                                       None),
    ("info(x)",                                                   None),
    ("x + fill(0) y",                                             None),
    ("x + quantile(scalar(y), vector(1))",                        None),
    ("rate((x or y)[5m:])",                                       None),
    ('label_join(x, "__name__", "-", "a")',                       None),
]  # fmt: skip


@pytest.mark.parametrize(("query", "ahead"), REACHES, ids=[case[0] for case in REACHES])
def test_what_a_step_depends_on(query: str, ahead: int | None) -> None:
    """The latest sample, from the step on."""
    reach = understood(query, experimental=True).reach
    assert (reach and reach.ahead) == ahead
