"""The memory of a stage: how much it takes at most, and that what it has freed is given back."""

import ctypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psutil
import pyarrow as pa

_SECONDS_BETWEEN: Final = 0.05
"""Between two looks: what a stage holds for a shorter time is not seen."""

_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
"""Of the GNU C library; others have nothing like it."""


@contextmanager
def peak_memory() -> Iterator[list[int]]:
    """Sample this process's resident memory; the peak, in bytes, is the list's only item."""
    process = psutil.Process()
    peak = [process.memory_info().rss]
    done = threading.Event()

    def sample() -> None:
        while not done.wait(_SECONDS_BETWEEN):
            peak[0] = max(peak[0], process.memory_info().rss)

    thread = threading.Thread(target=sample, name="memory sampler", daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()


def give_back() -> None:
    """Give the machine the memory that was freed.

    The allocators keep it for what the same stage may ask for again. The next stage wants other
    sizes, so of a large window the process would grow from stage to stage.
    """
    pa.default_memory_pool().release_unused()
    if _trim is not None:
        _trim(0)
