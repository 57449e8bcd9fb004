"""Which of the feed's own columns say something about clusters, over the nights of the window.

Reads nothing, writes nothing: tonight's columns are known, and those of other nights stand in their
manifests.
"""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from tasks.reading.rating_column import RATING
from tasks.reading.raw_feed import RawFeed
from tasks.store.history import History, NightTable
from tasks.store.storage import Ref
from validation.tables.columns import SOURCE


class Roles(BaseModel):
    """What the columns of a feed are to its readers."""

    model_config = ConfigDict(frozen=True)

    ratings: list[str]
    """Columns of ratings, the one of the latest night first: a document has the first that it has a
    value of."""
    has_source: bool
    """Whether a column of the feed is the source, and documents are not grouped by it; else it is
    the name of a file."""
    by: str | None = None
    """Column that documents are grouped by: its values would be over-represented everywhere."""
    last_ratings: Ref | None = None
    """How clusters were rated on the night before."""

    @property
    def left_out(self) -> list[str]:
        """Columns by which clusters are not broken down."""
        return [*self.ratings, *([self.by] if self.by else [])]


def roles_of(
    tonight: RawFeed,
    past: History,
    window: Sequence[NightTable],
    wanted: str | None,
    by: str | None = None,
) -> Roles:
    """Find the roles of the columns of the window's documents.

    Parameters
    ----------
    tonight
        What was read; nothing on a quiet night, which has the columns of the nights before.
    past
        The nights before.
    window
        The nights whose documents are clustered together.
    wanted
        Column of ratings that the config names; empty for none, None to take those guessed.
    by
        Column that documents are grouped by.
    """
    mappings = [*tonight.roles().values()]
    within = {it.night for it in window}
    nights = [it for it in reversed(past.nights) if it.night in within]
    mappings += [it for night in nights for it in night.columns.values()]
    return Roles(
        ratings=_named(mappings) if wanted is None else [wanted] * bool(wanted),
        has_source=by != SOURCE and any(SOURCE in it for it in mappings),
        by=by,
        last_ratings=past.last.ratings if past.last else None,
    )


def _named(mappings: Sequence[Mapping[str, str]]) -> list[str]:
    return list(dict.fromkeys(it[RATING] for it in mappings if RATING in it))
