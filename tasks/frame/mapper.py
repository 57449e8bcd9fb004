"""How shards of a stage are worked on: in this process, or wherever an engine has workers.

A shard is a part of a stage's input that can be worked on without the others, and takes seconds: a
chunk of texts. What is cut into shards is cut by content, never by the number of workers, so the
results are the same bits wherever the shards are worked on.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Protocol, TypeVar

from validation.errors import NightfoldError

S = TypeVar("S")
R = TypeVar("R")
F = TypeVar("F")

_AHEAD: Final = 2
"""Shards for each worker that are on their way, or done and not taken yet: with one, a worker would
wait for the next shard; more would only fill the memory of the process that takes the results."""


class Mapper(Protocol):
    """Applies a function to shards."""

    @property
    def is_here(self) -> bool:
        """Whether shards are worked on in this process: the function may say how far it is."""
        ...

    def map(self, function: Callable[[S], R], shards: Iterable[S]) -> Iterator[R]:
        """Yield the results in the order of the shards, each once it is there.

        Elsewhere than here, function and shard are pickled: a function is one of a module, or such
        a one with some arguments given.
        """
        ...


class InProcess:
    """Works on one shard after the other: each of them may use all cores."""

    is_here = True

    def map(self, function: Callable[[S], R], shards: Iterable[S]) -> Iterator[R]:
        """Yield the results; a shard is begun when the result of the last one has been taken."""
        return map(function, shards)


class EngineAwayError(NightfoldError, ConnectionError):
    """A cluster that does not answer."""


class WorkersLostError(NightfoldError, RuntimeError):
    """A shard whose worker was lost, as was every other one that tried it."""


def in_order(
    begin: Callable[[S], F],
    finish: Callable[[F], R],
    cancel: Callable[[list[F]], object],
    n_workers: Callable[[], int],
    shards: Iterable[S],
) -> Iterator[R]:
    """Yield results in the order of the shards, with some shards for each worker on their way.

    Parameters
    ----------
    begin
        Hands a shard to the workers.
    finish
        Waits for its result.
    cancel
        Called with what is on its way where nobody wants any more results.
    n_workers
        There may be others by the next shard.
    shards
        Taken one at a time.
    """
    waiting: deque[F] = deque()
    try:
        for shard in shards:
            waiting.append(begin(shard))
            while len(waiting) >= _AHEAD * max(n_workers(), 1):
                yield finish(waiting.popleft())
        while waiting:
            yield finish(waiting.popleft())
    finally:
        if waiting:
            cancel(list(waiting))
