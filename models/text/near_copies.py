"""Texts that are nearly copies of an earlier one: the same runs of three words, but for a few."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final, NamedTuple

from models.text.keywords import words_of

SIMILARITY: Final = 0.7
"""Of two texts that are nearly copies, at least. One word changed in twenty leaves 0.71. Below it
come forms of one make that were filled in for different things: of 193 pairs from 0.4 to 0.7 among
20,000 reviews, tickets and issues, two thirds of a dozen that were read."""

FEWEST_WORDS: Final = 5
"""A text of fewer is a remark, which people make alike without copying."""

Shingles = frozenset[tuple[str, str, str]]
"""The runs of three words of a text."""


class CopyOf(NamedTuple):
    """What a text is nearly a copy of."""

    first: int
    """Position of the text."""
    similarity: float
    """Share of their runs of three words that both have, from `SIMILARITY` to 1."""


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
    of_texts = [shingles_of(text) for text in texts]
    n_texts = Counter(chain.from_iterable(of_texts))
    opened: dict[tuple[str, str, str], list[int]] = {}
    found: dict[int, CopyOf] = {}
    for position, own in enumerate(of_texts):
        shared = _rarest_shared(own, n_texts)
        firsts = {first for shingle in shared for first in opened.get(shingle, ())}
        copies = _similar(own, {first: of_texts[first] for first in firsts})
        if best := max(copies, key=lambda it: (it.similarity, -it.first), default=None):
            found[position] = best
            continue
        for shingle in shared:
            opened.setdefault(shingle, []).append(position)
    return found


def shingles_of(text: str) -> Shingles:
    """Return the runs of three words of a text; none of a remark."""
    words = list(words_of(text))
    if len(words) < FEWEST_WORDS:
        return frozenset()
    return frozenset(zip(words, words[1:], words[2:], strict=False))


def _rarest_shared(own: Shingles, n_texts: Counter[tuple[str, str, str]]) -> Shingles:
    """Return those of a text's rarest runs that other texts have: a copy has one of them.

    Of n runs a copy has ``SIMILARITY`` n at least, so it cannot lack all of one more than the rest.
    """
    n_rarest = len(own) - math.ceil(SIMILARITY * len(own)) + 1
    shared = [it for it in own if n_texts[it] > 1]
    n_left = n_rarest - (len(own) - len(shared))
    if not shared or n_left <= 0:
        return frozenset()
    return frozenset(sorted(shared, key=lambda it: (n_texts[it], it))[:n_left])


def _similar(own: Shingles, firsts: dict[int, Shingles]) -> Iterator[CopyOf]:
    """Yield those of some first texts that a text is nearly a copy of."""
    for first, others in firsts.items():
        # Two texts of lengths too different are not worth the comparison.
        if min(len(own), len(others)) < SIMILARITY * max(len(own), len(others)):
            continue
        n_both = len(own & others)
        similarity = n_both / (len(own) + len(others) - n_both)
        if similarity >= SIMILARITY:
            yield CopyOf(first, similarity)
