"""Whether a worker is like the process that the night runs in: only then are its bits the same."""

import socket
from collections.abc import Callable
from functools import cache, partial
from importlib import metadata
from platform import python_version
from typing import Final, TypeVar

from models.encoding.kinds import processor_flags
from tasks.frame.code import code_digest
from validation.errors import NightfoldError

S = TypeVar("S")
R = TypeVar("R")

Likeness = tuple[tuple[str, str], ...]
"""What decides bits → which one it is."""

_PACKAGES: Final = (
    *("numpy", "scipy", "scikit-learn", "pyarrow", "torch", "tokenizers", "transformers"),
    *("sentence-transformers", "openvino"),
)
"""Those that compute what shards give."""


class UnlikeWorkerError(NightfoldError, RuntimeError):
    """A worker whose results might be other bits; the message names its machine and why."""


@cache
def likeness() -> Likeness:
    """Return what of this process decides the bits of its results."""
    versions = [(name, _version(name)) for name in _PACKAGES]
    # Libraries choose their code by what the processor can.
    processor = ("processor", " ".join(sorted(processor_flags())))
    return ("nightfold's code", code_digest()), ("Python", python_version()), *versions, processor


def only_if_alike(function: Callable[[S], R]) -> Callable[[S], R]:
    """Return a function that a worker applies only if it is like this process."""
    return partial(_checked, likeness(), function)


def _checked(expected: Likeness, function: Callable[[S], R], shard: S) -> R:
    found = likeness()
    if found != expected:
        others = [
            name for (name, one), (_, other) in zip(expected, found, strict=True) if one != other
        ]
        raise UnlikeWorkerError(
            f"workers must be like the machine that the night runs on, got {socket.gethostname()}"
            f" with another {', another '.join(others)}: its results could differ in their last"
            " bits; install the same versions there, and take machines of one kind"
        )
    return function(shard)


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "none"
