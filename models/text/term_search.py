"""Whether a text holds one of some words or phrases: what a person asks for."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from models.text.keywords import MARKS, stems

_WITHOUT_SPACES: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u30ff\u3130-\u318f"
    "\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Of Thai, Lao, Burmese, Khmer, Chinese and Japanese, which put no spaces between words, and of
Korean, which hangs particles on them."""

_LETTER: Final = rf"[^\W_{MARKS}]"
_BEFORE: Final = rf"(?<!{_LETTER})(?<![{MARKS}])"
_BEHIND: Final = rf"(?!{_LETTER})(?![{MARKS}])"
"""What stands beside a whole word; underscores are marks of Markdown."""

_BETWEEN: Final = r"[\W_]+"
"""Between the words of a phrase: "log in" is found in "log-in" too."""


def terms_in(listed: str) -> list[str]:
    """Return the words and phrases of a list with commas, each once."""
    terms = (" ".join(term.split()) for term in listed.split(","))
    return list(dict.fromkeys(term for term in terms if term))


class TermSearch:
    """A search for words and phrases, any of which a text may hold.

    Case does not matter, nor does a plural s, by the rule that names of clusters go by. Words stand
    whole; where a script has no spaces between words, any place will do.

    Parameters
    ----------
    terms
        Words and phrases, the ones that count first at the front.
    """

    def __init__(self, terms: Sequence[str]) -> None:
        self._terms = [(term, *_search_of(_folded(term))) for term in terms]

    def first_in(self, text: str) -> str | None:
        """Return the first of the terms that a text holds; None if it holds none."""
        folded = _folded(text)
        for term, certain, pattern in self._terms:
            if certain in folded and (pattern is None or pattern.search(folded)):
                return term
        return None


def _folded(text: str) -> str:
    return text.casefold().replace("\u2019", "'")


def _search_of(term: str) -> tuple[str, re.Pattern[str] | None]:
    """Return what every text with the term holds for certain, and the pattern, if that is not all.

    A plain search for the first is a hundred times as fast as a pattern.
    """
    if _WITHOUT_SPACES.search(term):
        return term, None
    words = [list(_forms(word)) for word in term.split()]
    phrase = _BETWEEN.join(f"(?:{'|'.join(map(re.escape, forms))})" for forms in words)
    return min(words[0], key=len), re.compile(_BEFORE + phrase + _BEHIND)


def _forms(word: str) -> Iterator[str]:
    """Yield the forms of a word that have its stem, the word itself among them."""
    (bare,) = stems(word)
    for form in dict.fromkeys((word, bare, f"{bare}s")):
        if stems(form) == {bare}:
            yield form
