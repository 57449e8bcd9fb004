"""Languages of a feed, and those that an encoder has not learnt."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from typing import Final

import numpy as np

ENGLISH: Final = "en"
MULTILINGUAL: Final = "multilingual"
"""How the card of an encoder names that it has learnt many."""

_MAX_TEXTS: Final = 2_000
"""Which languages a feed has shows in a sample; telling the language of a text takes 0.1 ms."""

_FEWEST_CHARS: Final = 20
"""The language of a shorter text is a guess: short titles are taken for Latin."""

_DENSE: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_MORE_OF_DENSE: Final = 3
"""A character of Chinese, Japanese or Korean says as much as some letters."""

_FEWEST_TEXTS: Final = 15
_CLEAR_SHARE: Final = 0.1
"""A language of so many texts is there, however few texts a feed has."""

_MOST: Final = 0.5
"""What most of a feed is."""

_LEAST_SHARE: Final = 0.01
"""Of the texts that are long enough: a language of fewer is a wrong guess here and there, and its
stop words may be words that tell something in another."""


def language_shares(texts: Sequence[str]) -> dict[str, float]:
    """Return which share of the texts is in which language, the most used first.

    Parameters
    ----------
    texts
        The documents; of many, a sample is read, the same each time. Short ones are left out.

    Returns
    -------
    ISO 639-1 code → share of the texts that were read, for the languages of at least one in a
    hundred, and of 15 texts or one in ten. Of a feed of short remarks no language is known.
    """
    long_enough = [text for text in texts if _is_long_enough(text)]
    # At random, for feeds in which sources take turns.
    sample = np.random.default_rng(0).permutation(len(long_enough))[:_MAX_TEXTS]
    n_read = len(sample)
    found = Counter(_language_of(long_enough[place]) for place in sample)
    fewest = max(min(_FEWEST_TEXTS, _CLEAR_SHARE * n_read), _LEAST_SHARE * n_read)
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return {language: count / n_read for language, count in ordered if count >= fewest}


def not_learnt(shares: Mapping[str, float], learnt: Collection[str]) -> dict[str, float]:
    """Return the languages that an encoder has not learnt, with their shares.

    Parameters
    ----------
    shares
        See `language_shares`.
    learnt
        Languages that the card of the encoder names; none where it names none, and then nothing is
        known against it.
    """
    if not learnt or MULTILINGUAL in learnt:
        return {}
    return {language: share for language, share in shares.items() if language not in learnt}


def is_mostly_foreign(shares: Mapping[str, float], learnt: Collection[str]) -> bool:
    """Return whether most of a feed is in languages that an encoder has not learnt."""
    return sum(not_learnt(shares, learnt).values()) > _MOST


def languages_of(texts: Sequence[str | None], known: Collection[str]) -> list[str | None]:
    """Tell the language of every text; None of short texts, and where it would be a rare one.

    Parameters
    ----------
    texts
        None where there is none.
    known
        Languages of the feed, see `language_shares`: another one is a wrong guess here and there.
    """
    told = (
        _language_of(text) if text is not None and _is_long_enough(text) else None for text in texts
    )
    return [language if language in known else None for language in told]


def tell_languages(texts: Sequence[str], most: int) -> list[str]:
    """Tell the languages of the first texts that are long enough, of at most so many."""
    long_enough = (text for text in texts if _is_long_enough(text))
    return [_language_of(text) for text in islice(long_enough, most)]


def _is_long_enough(text: str) -> bool:
    """Return whether the language of a text is more than a guess."""
    if len(text) >= _FEWEST_CHARS:
        return True
    return len(text) + (_MORE_OF_DENSE - 1) * len(_DENSE.findall(text)) >= _FEWEST_CHARS


def _language_of(text: str) -> str:
    import py3langid

    language, _ = py3langid.classify(text)
    return str(language)
