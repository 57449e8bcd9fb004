"""Where the shards of a stage are worked on: in this process for now, one after the other.

A shard is a part of a stage's input that can be worked on without the others: a night of the
window, a chunk of texts. What is cut into shards is cut by content, never by the number of workers,
so the results are the same bits wherever the shards run.
"""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

S = TypeVar("S")
R = TypeVar("R")


class Mapper(Protocol):
    """Applies a function to shards."""

    def map(self, function: Callable[[S], R], shards: Sequence[S]) -> list[R]:
        """Return the results in the order of the shards; they may be worked on in any other."""
        ...


class InProcess:
    """Works on one shard after the other: each of them may use all cores."""

    def map(self, function: Callable[[S], R], shards: Sequence[S]) -> list[R]:
        """Return the results in the order of the shards."""
        return [function(shard) for shard in shards]
