"""Whether work takes time in proportion to its size, on a machine of any speed."""

import time
from collections.abc import Callable
from typing import Final

_TIMES: Final = 8
"""How many times as much is done: what takes the square takes 64 times as long."""

_MOST: Final = 24
_TRIES: Final = 3
_LEAST_SECONDS: Final = 0.002
"""Below it a clock says nothing."""


def assert_in_proportion(work: Callable[[int], object], n: int) -> None:
    """Check that eight times as much work takes less than 24 times as long.

    Parameters
    ----------
    work
        Does work of a size.
    n
        The smaller size.

    Notes
    -----
    A core that is shared takes several times as long now and then, in processor seconds too. So the
    shortest of several runs counts, of both sizes.
    """
    work(n)
    limit = _MOST * max(_LEAST_SECONDS, min(_seconds(work, n) for _ in range(_TRIES)))
    found = [_seconds(work, _TIMES * n)]
    while min(found) >= limit and len(found) < _TRIES:
        found.append(_seconds(work, _TIMES * n))
    assert min(found) < limit


def _seconds(work: Callable[[int], object], n: int) -> float:
    started = time.process_time()
    work(n)
    return time.process_time() - started
