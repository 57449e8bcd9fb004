"""Texts that are nearly copies of an earlier one: the same runs of three words, but for a few."""

import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.text.keywords import words_of

SIMILARITY: Final = 0.7
"""Of two texts that are nearly copies, at least. One word changed in twenty leaves 0.71. Below it
come forms of one make that were filled in for different things: of 193 pairs from 0.4 to 0.7 among
20,000 reviews, tickets and issues, two thirds of a dozen that were read."""

FEWEST_WORDS: Final = 5
"""A text of fewer is a remark, which people make alike without copying."""

Runs = NDArray[np.uint64]
"""The runs of three words of a text, each once, as numbers: as words they take four times the
memory, which ends first with a million texts. One pair of runs in 2^64 has the same number."""

_FACTORS: Final = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)
"""Of the three words' numbers in that of their run: odd, and without a pattern."""


class CopyOf(NamedTuple):
    """What a text is nearly a copy of."""

    first: int
    """Position of the text."""
    similarity: float
    """Share of their runs of three words that both have, from `SIMILARITY` to 1."""


class _Shared(NamedTuple):
    """The runs that several texts have."""

    runs: Runs  # rising
    n_texts: NDArray[np.int64]  # that have each


def near_copies(texts: Sequence[str]) -> dict[int, CopyOf]:
    """Find the texts that are nearly copies of an earlier one; words count, not their case.

    A text joins the most similar of the texts that opened a group, or else opens one itself. Each
    is held against that first text, never against another copy, so no chain of small changes leads
    from one text to a wholly different one. Nothing is estimated: only texts that share one of
    their rarest runs can be so similar, and all of these are compared in full.

    Parameters
    ----------
    texts
        Different ones; the beginning of each is read, as for keywords.

    Returns
    -------
    Position of a text → what it is a copy of.

    References
    ----------
    Chaudhuri, Ganti, Kaushik (2006), A primitive operator for similarity joins in data cleaning:
    the filter by the rarest elements.
    """
    numbers: dict[str, int] = {}
    of_texts = [_runs_of(text, numbers) for text in texts]
    shared = _shared_by_several(of_texts)
    opened: dict[int, list[int]] = {}
    openers: dict[int, frozenset[int]] = {}
    found: dict[int, CopyOf] = {}
    for position, own in enumerate(of_texts):
        rarest = _rarest_shared(own, shared)
        if not rarest:
            continue
        firsts = {first for run in rarest for first in opened.get(run, ())}
        runs = frozenset(own.tolist())
        copies = _similar(runs, {first: openers[first] for first in firsts})
        if best := max(copies, key=lambda it: (it.similarity, -it.first), default=None):
            found[position] = best
            continue
        openers[position] = runs
        for run in rarest:
            opened.setdefault(run, []).append(position)
    return found


def is_remark(text: str) -> bool:
    """Return whether a text is too short to be a copy."""
    return sum(1 for _ in words_of(text)) < FEWEST_WORDS


def _runs_of(text: str, numbers: dict[str, int]) -> Runs:
    """Return the runs of a text, rising; none of a remark. New words get the next numbers."""
    words = [numbers.setdefault(word, len(numbers)) for word in words_of(text)]
    if len(words) < FEWEST_WORDS:
        return np.empty(0, dtype=np.uint64)
    one, two, three = (np.uint64(factor) for factor in _FACTORS)
    own = np.array(words, dtype=np.uint64)
    return np.unique(own[:-2] * one + own[1:-1] * two + own[2:] * three)


def _shared_by_several(of_texts: Sequence[Runs]) -> _Shared:
    """Find the runs that several texts have."""
    none = np.empty(0, dtype=np.uint64)
    runs, n_texts = np.unique(np.concatenate([none, *of_texts]), return_counts=True)
    return _Shared(runs[n_texts > 1], n_texts[n_texts > 1])


def _rarest_shared(own: Runs, shared: _Shared) -> list[int]:
    """Return those of a text's rarest runs that other texts have: a copy has one of them.

    Of n runs a copy has ``SIMILARITY`` n at least, so it cannot lack all of one more than the rest.
    """
    n_rarest = len(own) - math.ceil(SIMILARITY * len(own)) + 1
    at = np.searchsorted(shared.runs, own)
    is_shared = shared.runs.take(at, mode="clip") == own if len(shared.runs) else at < 0
    n_left = n_rarest - int(np.count_nonzero(~is_shared))
    if n_left <= 0:
        return []
    runs, n_texts = own[is_shared], shared.n_texts[at[is_shared]]
    rarest: list[int] = runs[np.lexsort((runs, n_texts))[:n_left]].tolist()
    return rarest


def _similar(own: frozenset[int], firsts: dict[int, frozenset[int]]) -> Iterator[CopyOf]:
    """Yield those of some first texts that a text is nearly a copy of."""
    for first, others in firsts.items():
        # Two texts of lengths too different are not worth the comparison.
        if min(len(own), len(others)) < SIMILARITY * max(len(own), len(others)):
            continue
        n_both = len(own & others)
        similarity = n_both / (len(own) + len(others) - n_both)
        if similarity >= SIMILARITY:
            yield CopyOf(first, similarity)
