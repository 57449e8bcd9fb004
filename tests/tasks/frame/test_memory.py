"""Memory that a stage has freed is there for others; what it takes at most is seen."""

import ctypes
import time

import psutil
import pytest

from tasks.frame.memory import give_back, peak_memory

_MB = 1 << 20


def _resident() -> int:
    return int(psutil.Process().memory_info().rss)


def test_a_peak_is_seen_after_it_has_gone() -> None:
    before = _resident()
    with peak_memory() as peak:
        taken = bytearray(100 * _MB)
        taken[::4096] = b"x" * len(taken[::4096])
        time.sleep(0.3)
        del taken
    assert peak[0] - before > 80 * _MB


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="needs the GNU C library")
def test_what_lay_between_things_that_stay_is_given_back() -> None:
    # Larger than what Python keeps to itself, and smaller than what the library gives back at once.
    parts = [bytes(10_000) for _ in range(20_000)]
    kept = parts[::100]
    del parts
    before = _resident()
    give_back()
    assert before - _resident() > 100 * _MB
    assert len(kept) == 200
