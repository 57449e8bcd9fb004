"""Which column of a file is the rating: it is only pointed at, and stays one of the feed's own."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any, Final

from tasks.reading.guesses import folded
from validation.cells.ratings import parse_rating

RATING: Final = "rating"
"""The part, as the configuration and the manifest name it."""

NAMES: Final = (
    "rating", "stars", "star_rating", "review_rating", "rating_value", "user_rating", "im:rating",
    "overall_rating", "overall", "score", "review_score", "nps", "nps_score", "csat",
)  # fmt: skip
"""The usual names, the most usual first."""

_RANKS: Final = {folded(name): rank for rank, name in enumerate(NAMES)}

_LARGEST_GUESSED: Final = 10.0
"""Of stars and points out of ten. The scores of posts, which count votes, go beyond it, and so do
scales to 100, which must be named."""


class RatingColumn:
    """Which of a file's columns is the rating, told by its name and all of its values.

    Parameters
    ----------
    wanted
        What the config says: None to guess it, an empty name for none.
    """

    def __init__(self, wanted: str | None) -> None:
        self._wanted = wanted
        self._seen: set[str] = set()
        self._alike: list[str] = []
        self._fits = Counter[str]()
        self._misfits = Counter[str]()

    def note(self, values: Mapping[str, Any]) -> None:
        """Look at a row, where a guess is wanted."""
        if self._wanted is not None:
            return
        if new := values.keys() - self._seen:
            self._seen |= new
            self._alike += [name for name in values if name in new and folded(name) in _RANKS]
        for name in self._alike:
            value = values.get(name)
            if value is not None and value != "":
                # Most are whole numbers already, and this is asked of every row.
                rating = value if type(value) is int else parse_rating(value)
                fits = rating is not None and 0 <= rating <= _LARGEST_GUESSED
                (self._fits if fits else self._misfits)[name] += 1

    def found(self, taken: Collection[str]) -> str | None:
        """Return the column; None if there is none.

        Parameters
        ----------
        taken
            Columns that play another part.
        """
        if self._wanted is not None:
            return self._wanted or None
        fit = [
            name
            for name in self._alike
            if name not in taken and self._fits[name] > self._misfits[name]
        ]
        return min(fit, key=lambda name: _RANKS[folded(name)], default=None)
