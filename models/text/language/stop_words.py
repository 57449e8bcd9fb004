"""Words that say nothing, by language."""

from functools import cache
from typing import Final

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from models.text.language.told import ENGLISH

# The list of scikit-learn has no auxiliaries like "did" and no halves of "don't" and "we've". The
# other list of English is too wide for names: it has room, test, page, change, problem and help.
_MORE_ENGLISH: Final = (
    "ain aren com couldn did didn does doesn doing don dont hadn hasn haven having http https im"
    " isn ive just ll shouldn thats ve wasn weren wouldn www youre"
)
ENGLISH_WORDS: Final = ENGLISH_STOP_WORDS.union(_MORE_ENGLISH.split())


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
    words: frozenset[str] = ENGLISH_WORDS.union(*map(only_in, languages))
    return words


@cache
def only_in(language: str) -> frozenset[str]:
    """Return the stop words of one language, none for English and where there is no list."""
    import stopwordsiso

    is_listed = language != ENGLISH and stopwordsiso.has_lang(language)
    return frozenset(stopwordsiso.stopwords(language)) if is_listed else frozenset()
