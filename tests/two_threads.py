"""A process whose libraries have two threads each, whatever the machine has."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from models.core.threads import one_thread


@contextmanager
def two_threads_each() -> Iterator[None]:
    """Give torch and every pool two threads in this block."""
    before = torch.get_num_threads()
    with one_thread():
        pass  # loads every pool
    with threadpool_limits(2):
        torch.set_num_threads(2)
        yield
        torch.set_num_threads(before)
