"""The few terms that describe a cluster best: a beam search over unions of terms."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.text.keywords import stems
from models.text.term_table import Held, TermTable

MAX_TERMS: Final = 4
"""What a person reads at a glance; a fourth term covers some more, a fifth hardly any."""

_BETA: Final = 0.7
"""How much covering the cluster counts against leaving all others out. At 0.5 names tell clusters
apart best; at 1 they are words like "app" and "bad"; 0.7 loses a hundredth of the first and covers
a twentieth more."""

_LEAST_GAIN: Final = 0.015
"""What a further term must add: less is a rare word that is there by chance."""

_BEAM: Final = 6
"""Unions that are looked into further. A beam of one, which is greedy, finds worse names now and
then; a wider one costs time only."""

_PAIR_SHARE: Final = 0.75
_PAIR_LOSS: Final = 0.02
"""A pair of words takes the place of one of them if so many of the cluster's documents with the
word have the pair, and if it loses no more than this."""


def f_beta(inside: Any, everywhere: Any, size: float) -> Any:
    r"""Compute how well what some documents hold describes a cluster.

    .. math:: F_\beta = (1 + \beta^2) \frac{P R}{\beta^2 P + R}

    with R the share of the cluster's documents that hold it, P the share of the cluster among all
    documents that hold it, and :math:`\beta` = 0.7.

    Parameters
    ----------
    inside, everywhere
        Documents that hold it, in the cluster and in all; numbers or arrays.
    size
        Documents of the cluster.
    """
    b = _BETA**2
    return (1 + b) * inside / np.maximum(b * size + everywhere, np.finfo(float).tiny)


def _worth(chosen: Sequence[int], score: float) -> float:
    """Return what a union is worth: how well it describes, less what its terms must add."""
    return score - _LEAST_GAIN * len(chosen)


class CoverSearch:
    """A search for the terms that describe one cluster.

    Parameters
    ----------
    table
        All terms.
    columns
        Those that are tried, the best first.
    own
        The texts of the cluster.
    """

    def __init__(self, table: TermTable, columns: Sequence[int], own: Held) -> None:
        self._terms = [table.terms[column] for column in columns]
        self._stems = [stems(term) for term in self._terms]
        self._held = table.columns(columns)
        self._weights, self._inside = table.weights, np.where(own, table.weights, 0)
        self._size = float(self._inside.sum())

    def terms(self) -> tuple[list[str], float]:
        """Return the terms, by the documents that they cover, and how well they describe."""
        chosen, score = self._best()
        chosen = self._with_pairs(chosen, score)
        covered = {self._terms[it]: float(self._inside[self._held[it]].sum()) for it in chosen}
        return sorted(covered, key=lambda term: (-covered[term], term)), score

    def _best(self) -> tuple[list[int], float]:
        nothing = np.zeros(self._held.shape[1], dtype=bool)
        beam: dict[tuple[int, ...], tuple[float, Held]] = {(): (0.0, nothing)}
        best: tuple[list[int], float] = ([], 0.0)
        for _ in range(MAX_TERMS):
            grown = {key: it for chosen in beam for key, it in self._grown(chosen, *beam[chosen])}
            # Rounded, so that unions of equal worth are ordered by their terms on every machine.
            kept = sorted(grown, key=lambda key: (-round(grown[key][0], 9), key))[:_BEAM]
            beam = {key: grown[key] for key in kept}
            if kept and _worth(kept[0], beam[kept[0]][0]) > _worth(*best):
                best = (list(kept[0]), beam[kept[0]][0])
        return best

    def _grown(
        self, chosen: tuple[int, ...], score: float, held: Held
    ) -> Iterator[tuple[tuple[int, ...], tuple[float, Held]]]:
        """Yield the unions with one term more that is worth it."""
        scores = self._scores(self._held | held)
        for term in np.flatnonzero(scores >= score + _LEAST_GAIN).tolist():
            if self._is_apart(term, chosen):
                key = tuple(sorted((*chosen, term)))
                yield key, (float(scores[term]), self._held[term] | held)

    def _with_pairs(self, chosen: list[int], score: float) -> list[int]:
        """Let pairs of words stand for words where they say as much."""
        for place, word in enumerate(chosen):
            others = [*chosen[:place], *chosen[place + 1 :]]
            fitting = (
                pair
                for pair in self._pairs_with(word)
                if self._is_apart(pair, others)
                and self._score([*others, pair]) >= score - _PAIR_LOSS
            )
            chosen = [*chosen[:place], next(fitting, word), *chosen[place + 1 :]]
        return chosen

    def _pairs_with(self, word: int) -> Iterator[int]:
        """Yield the pairs that hold a word and stand in most of its documents in the cluster."""
        inside = [float(self._inside[self._held[it]].sum()) for it in range(len(self._terms))]
        for pair, term in enumerate(self._terms):
            has_word = pair != word and self._terms[word] in term.split(" ")
            if has_word and inside[pair] >= _PAIR_SHARE * inside[word]:
                yield pair

    def _is_apart(self, term: int, others: Sequence[int]) -> bool:
        """Return whether a term repeats no word of others, nor its plural."""
        return all(self._stems[term].isdisjoint(self._stems[other]) for other in others)

    def _score(self, chosen: Sequence[int]) -> float:
        return float(self._scores(np.any(self._held[list(chosen)], axis=0, keepdims=True))[0])

    def _scores(self, held: NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.asarray(f_beta(held @ self._inside, held @ self._weights, self._size))
