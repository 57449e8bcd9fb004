"""Short remarks: what is said in few words that tell nothing, such as "good" and "ok"."""

from collections.abc import Collection, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from models.core.arrays import AnyFloats, Floats, evenly_spaced, normalise_rows
from models.core.graph import nearest_among
from models.text.keywords import words_of
from models.text.language.segmentation import HAN

_FEW_WORDS: Final = 3
"""Different words, stop words left out: what customers complain about in so few is all the same
kept apart from remarks by what the words tell."""

_CHARACTERS_OF_A_WORD: Final = 3
"""Of a script without spaces: its words are short, and a segmenter loses the unusual ones."""

_TELLS: Final = 0.08
"""Mean cosine of the longer texts that hold a word: of moods it is about 0, of things they speak of
.1 to .5. With .05 and .12 the share of remarks moves by 2 to 3 in a hundred."""

_FEWEST_HOLDING: Final = 3
_NOTHING: Final = -1.0
"""What a text tells that has no known word."""

_NEAREST: Final = 5

_FEWEST_LONGER: Final = 30
_LEAST_SHARE_LONGER: Final = 1 / 3
"""Of a feed of titles nearly all are short: what tells nothing there cannot be known."""

_FEWEST_OTHERS: Final = 60
"""Texts that must be left to be clustered."""

_SAMPLE: Final = 10_000
"""Longer texts that the others are held against: a mean over more would be the same."""


def find_remarks(
    texts: Sequence[str], X: AnyFloats, stop_words: Collection[str]
) -> NDArray[np.bool_]:
    r"""Find the texts that say too little to be about anything.

    A remark has few words besides stop words, none of them tells anything, and it lies further from
    longer texts than these lie from one another. A word tells as much as the m longer texts that
    hold it agree, whatever it means:

    .. math:: \frac{\lVert \sum_i x_i \rVert^2 - m}{m (m - 1)}

    which is the mean cosine over their pairs, with x the centred embeddings. A word that hardly any
    longer text holds may be a mood ("dayum") or a thing ("waxing"): a text with such a word is a
    remark where it lies nearer to the remarks of known words than to the rest.

    Parameters
    ----------
    texts
        Different ones.
    X
        Their embeddings, rows of length one, shape (n_texts, embedding_dim); 16 bits will do.
    stop_words
        Words that say nothing in the languages of the texts.

    Returns
    -------
    Which texts are remarks, shape (n_texts,). None where there are too few longer texts to tell.
    """
    words = [_content(text, stop_words) for text in texts]
    is_short = np.array(
        [_length(text, own) <= _FEW_WORDS for text, own in zip(texts, words, strict=True)],
        dtype=bool,
    )
    none = np.zeros(len(texts), dtype=bool)
    longer = np.flatnonzero(~is_short)
    if len(longer) < max(_FEWEST_LONGER, _LEAST_SHARE_LONGER * len(texts)) or is_short.sum() == 0:
        return none
    centre = X.mean(axis=0, dtype=np.float32, where=~is_short[:, None])
    x = np.subtract(X, centre, dtype=np.float32)
    normalise_rows(x, out=x)
    told = _told([words[it] for it in longer], longer, x)
    short = np.flatnonzero(is_short)
    says_nothing = np.array([_best_told(words[it], told) < _TELLS for it in short])
    held_against = _sample(longer)
    usual = np.median(nearness(x[_sample(longer)], x[held_against], itself=True))
    is_far = nearness(x[short], x[held_against]) < usual
    candidates = short[says_nothing & is_far]
    is_known = np.array([words[it] <= told.keys() for it in candidates], dtype=bool)
    remarks = none.copy()
    remarks[candidates[is_known]] = True
    unknown = candidates[~is_known]
    remarks[unknown] = _is_like(x, unknown, remarks)
    return remarks if (~remarks).sum() >= _FEWEST_OTHERS else none


def _is_like(
    x: Floats, unknown: NDArray[np.int64], remarks: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return which texts lie nearer to remarks than to the rest; all where there are no remarks.

    They do not count among the rest themselves: moods in unusual words are near one another, too.
    """
    if not remarks.any() or len(unknown) == 0:
        return np.ones(len(unknown), dtype=bool)
    is_other = ~remarks
    is_other[unknown] = False
    to_remarks, to_others = (
        nearness(x[unknown], x[_sample(np.flatnonzero(those))]) for those in (remarks, is_other)
    )
    return np.asarray(to_remarks > to_others)


def nearness(x: Floats, others: Floats, *, itself: bool = False) -> NDArray[np.float64]:
    """Compute the mean cosine of rows to the nearest of other rows.

    Parameters
    ----------
    x, others
        Rows of length one, shapes (n_samples, n_features) and (n_others, n_features).
    itself
        Whether the rows are the others, and none is to count as near to itself.

    Returns
    -------
    Shape (n_samples,).
    """
    skipped = int(itself)
    found = nearest_among(x, others, min(_NEAREST, len(others) - skipped) + skipped)
    return np.asarray(found.similarities[:, skipped:].mean(axis=1, dtype=np.float64))


def _content(text: str, stop_words: Collection[str]) -> set[str]:
    """Collect the words of a text that may tell something."""
    return {
        word
        for word in words_of(text)
        if word not in stop_words and not any(map(str.isdigit, word))
    }


def _length(text: str, content: set[str]) -> int:
    """Count the words of a text that may tell something."""
    return max(len(content), sum(map(len, HAN.findall(text))) // _CHARACTERS_OF_A_WORD)


def _told(words: Sequence[set[str]], longer: NDArray[np.int64], x: Floats) -> dict[str, float]:
    """Compute what each word tells, from the longer texts: their words, and their rows in x."""
    columns: dict[str, int] = {}
    rows, held = [], []
    for row, own in zip(longer.tolist(), words, strict=True):
        for word in sorted(own):
            rows.append(row)
            held.append(columns.setdefault(word, len(columns)))
    shape = (len(columns), len(x))
    holds = sparse.csr_array((np.ones(len(rows), np.float32), (held, rows)), shape=shape)
    m = np.bincount(held, minlength=len(columns)).astype(np.float64)
    sums = np.asarray(holds @ x, dtype=np.float64)
    told = ((sums**2).sum(axis=1) - m) / np.maximum(m * (m - 1), 1)
    return {word: float(told[it]) for word, it in columns.items() if m[it] >= _FEWEST_HOLDING}


def _best_told(words: set[str], told: dict[str, float]) -> float:
    """Return what the most telling of the known words tells."""
    return max((told.get(word, _NOTHING) for word in words), default=_NOTHING)


def _sample(positions: NDArray[np.int64]) -> NDArray[np.int64]:
    """Take positions evenly spaced, where there are many."""
    return positions[evenly_spaced(len(positions), _SAMPLE)]
