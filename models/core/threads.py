"""How many threads compute: every step on one, and independent pieces on all cores that are ours.

Threads that share one matrix product wait for each other after every product, and they wait by
spinning. Where other processes use the cores, that costs far more than it saves: the same night of
20,000 documents took 163 processor seconds on one thread and 594 on two. So a step has one thread,
and whatever can be cut into independent pieces is: each piece is computed on one thread and waits
for nobody. The pieces do not depend on the number of threads, so neither do the bits.
"""

import os
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

P = TypeVar("P")
R = TypeVar("R")

_POOLS: Final = ("numpy", "scipy.linalg", "sklearn.cluster", "torch")
"""Modules that bring a pool of threads each. A pool that is loaded later would escape the limit."""


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread in this block, and put the limits of before back after it.

    It is a decorator, too. Holds for OpenMP and BLAS in torch, numpy, scipy and scikit-learn; calls
    nest.
    """
    for module in _POOLS:
        import_module(module)
    import torch

    before = torch.get_num_threads()
    with _controller(len(sys.modules)).limit(limits=1):
        # Beside its OpenMP, torch holds an MKL that threadpoolctl cannot see.
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def free_threads() -> int:
    """Count the cores that this process may use.

    Those that its affinity and its cgroup allow, and no more than OMP_NUM_THREADS where an operator
    has set it. How busy the cores are does not count: pieces do not spin, so that on a busy machine
    more threads take longer but cost no more.
    """
    from joblib import cpu_count  # type: ignore[import-untyped]

    wanted = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    limit = int(wanted) if wanted.isdecimal() else 0
    return int(min(cpu_count(), limit or cpu_count()))


def map_pieces(
    function: Callable[[P], R],
    pieces: Sequence[P],
    *,
    at_once: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[R]:
    """Apply a function to independent pieces, each on one thread, several at a time.

    Parameters
    ----------
    function
        Must not change anything that other pieces read.
    pieces
        Cut by what they hold, never by the number of threads.
    at_once
        Pieces computed at the same time, at most; None: one on every core, see `free_threads`.
    progress
        Called in the caller's thread with the number of pieces that are done.

    Returns
    -------
    The results, in the order of the pieces.
    """
    n_threads = min(at_once or len(pieces), free_threads())
    results = []
    with one_thread(), ThreadPoolExecutor(max(n_threads, 1), "piece", _on_one_thread) as pool:
        for result in pool.map(function, pieces):
            results.append(result)
            if progress is not None:
                progress(len(results))
    return results


def map_ahead(function: Callable[[P], R], pieces: Sequence[P], n_ahead: int) -> Iterator[R]:
    """Apply a function to pieces while whoever takes the results does something else.

    Parameters
    ----------
    function
        Called in other threads, several at a time.
    pieces
        What to apply it to.
    n_ahead
        Results that are computed, or waiting, beyond the one that was taken last; 0: none, each is
        computed when it is asked for, in the caller's thread.

    Returns
    -------
    The results, in the order of the pieces.
    """
    if n_ahead == 0:
        yield from map(function, pieces)
        return
    waiting: deque[Future[R]] = deque()
    with ThreadPoolExecutor(n_ahead, "ahead") as pool:
        for piece in pieces:
            waiting.append(pool.submit(function, piece))
            if len(waiting) > n_ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _on_one_thread() -> None:
    """Limit OpenMP in a thread of the pool: its limit is one of each thread, not of the process."""
    _controller(len(sys.modules)).select(user_api="openmp").limit(limits=1)


@lru_cache(maxsize=1)
def _controller(n_modules: int) -> "ThreadpoolController":
    """Find the libraries that hold a pool of threads; it takes longer than many a step.

    They are looked for again when modules have been imported since: a library comes with a module.
    """
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
