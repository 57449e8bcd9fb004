"""Words that say nothing, in the languages that a feed is written in."""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Final

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

ENGLISH: Final = "en"

# The list of scikit-learn has no auxiliaries like "did" and no halves of "don't" and "we've". The
# other list of English is too wide for names: it has room, test, page, change, problem and help.
_MORE_ENGLISH: Final = (
    "ain aren com couldn did didn does doesn doing don dont hadn hasn haven having http https im"
    " isn ive just ll shouldn thats ve wasn weren wouldn www youre"
)
ENGLISH_WORDS: Final = ENGLISH_STOP_WORDS.union(_MORE_ENGLISH.split())

_MAX_TEXTS: Final = 2_000
"""Which languages a feed has shows in a sample; telling the language of a text takes 0.3 ms."""

_FEWEST_CHARS: Final = 20
"""The language of a shorter text is a guess: short titles are taken for Latin."""

_FEWEST_TEXTS: Final = 15
_LEAST_SHARE: Final = 0.01
"""Of the texts that are long enough: a language of fewer is a wrong guess here and there, and its
stop words may be words that tell something in another."""


def languages_of(texts: Sequence[str]) -> list[str]:
    """Return the languages that a feed is written in, by their ISO 639-1 code, the most used first.

    Parameters
    ----------
    texts
        The documents; of many, an evenly spaced sample is read.

    Returns
    -------
    The languages of at least 15 texts and of one in a hundred, and English where none has so many:
    of a feed of short remarks no language is known.
    """
    long_enough = [text for text in texts if len(text) >= _FEWEST_CHARS]
    n_read = min(len(long_enough), _MAX_TEXTS)
    sample = (long_enough[place * len(long_enough) // n_read] for place in range(n_read))
    found = Counter(map(_language_of, sample))
    fewest = max(_FEWEST_TEXTS, _LEAST_SHARE * n_read)
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return [language for language, n_texts in ordered if n_texts >= fewest] or [ENGLISH]


@cache
def stop_words_of(languages: tuple[str, ...]) -> frozenset[str]:
    """Return the stop words of languages, and those of English.

    The English ones are always among them: product names, quotations and error messages in English
    stand in feeds of every language.

    Parameters
    ----------
    languages
        ISO 639-1 codes. A language without a list has no stop words.
    """
    import stopwordsiso

    others = [it for it in languages if it != ENGLISH and stopwordsiso.has_lang(it)]
    return frozenset(ENGLISH_WORDS.union(*map(stopwordsiso.stopwords, others)))


def _language_of(text: str) -> str:
    import py3langid

    language, _ = py3langid.classify(text)
    return str(language)
