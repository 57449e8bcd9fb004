"""The two lexical views of a feed side by side: words, and the characters in them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from models.core.arrays import in_16_bits
from models.text.lexical.view import LexicalView

_PARTS: Final = ("words", "characters")
_FREQUENT: Final = 5
"""Documents that must hold an n-gram: a word of three documents has many n-grams."""
_MAX_N_GRAMS: Final = 50_000

MOST_LEARNT_FROM: Final = 50_000
"""Texts: as many as a clustering is fitted on. The n-grams of all of a million titles would be
100 million numbers, counted before any is left out."""


class LexicalViews:
    """Words beside character n-grams, each as `models.text.lexical.view.LexicalView` makes them.

    Parameters
    ----------
    n_components
        Width of each view, at most.
    random_state
        Seed of both.

    Attributes
    ----------
    words, characters
        The views.
    """

    def __init__(self, n_components: int = 300, random_state: int = 0) -> None:
        self.words = LexicalView(n_components, random_state=random_state)
        self.characters = LexicalView(
            n_components,
            max_features=_MAX_N_GRAMS,
            min_df=_FREQUENT,
            random_state=random_state,
            analyzer="char_wb",
        )

    @property
    def dims(self) -> tuple[int, ...]:
        """Width of each view, words first, as fitted."""
        return tuple(len(view.components_) for view in (self.words, self.characters))

    def fit(self, texts: Sequence[str]) -> Self:
        """Learn both views, from some of very many texts; see `LexicalView.fit` for errors."""
        learnt_from = self._chosen(texts)
        self.words.fit(learnt_from)
        self.characters.fit(learnt_from)
        return self

    def transform(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Project texts, shape (n_texts, sum of the widths); each view's row has length one.

        In numbers that 16 bits hold: the rows of a window are as many as its vectors, and as wide.
        """
        views = (self.words.transform(texts), self.characters.transform(texts))
        return in_16_bits(np.hstack(views))

    def _chosen(self, texts: Sequence[str]) -> Sequence[str]:
        """Return the texts that are learnt from, in their order: all, up to `MOST_LEARNT_FROM`."""
        if len(texts) <= MOST_LEARNT_FROM:
            return texts
        rng = np.random.default_rng(self.words.random_state)
        chosen = np.sort(rng.choice(len(texts), MOST_LEARNT_FROM, replace=False))
        return [texts[it] for it in chosen.tolist()]

    def save(self, folder: Path) -> None:
        """Write each view into a folder of its own."""
        for part in _PARTS:
            getattr(self, part).save(folder / part)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote: it transforms as it did before."""
        views = cls()
        views.words, views.characters = (LexicalView.load(folder / part) for part in _PARTS)
        return views
