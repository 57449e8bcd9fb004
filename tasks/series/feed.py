"""A feed of series: the rows of its tables, gathered so that a row is a series."""

import json
from collections.abc import Iterator
from itertools import chain
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from tasks.reading.formats.rows import Row
from tasks.reading.pieces import find_pieces, read_rows, require_unchanged
from tasks.reading.raw_feed import IngestSettings
from tasks.reading.sources.base import Feed, Piece, landed_lines
from tasks.reading.sources.settings import SourceSettings
from tasks.series.rows import SERIES, series_rows
from tasks.series.settings import SeriesSettings
from tasks.store.fetched.source_state import SourceState
from tasks.store.storage import Store

_LINES: Final = "series"


class Where(BaseModel):
    """Where a feed of series is, and how it is read.

    Parameters
    ----------
    feed
        Its tables, tonight.
    series, ingest, sources
        Settings.
    """

    model_config = ConfigDict(frozen=True)

    feed: str
    series: SeriesSettings
    ingest: IngestSettings
    sources: SourceSettings

    def rows(self) -> IngestSettings:
        """Return how the rows are read that `find_series` lands: their text is a series."""
        columns = self.ingest.columns.model_copy(update={"text": SERIES})
        return self.ingest.model_copy(update={"columns": columns})


def find_series(store: Store, where: Where, last: SourceState | None) -> Feed:
    """Find the tables of a feed, and land a row for each series.

    Several tables are one where a series goes on from one into the next.

    Parameters
    ----------
    store
        Tonight's place in the store.
    where
        The feed.
    last
        See `find_pieces`.

    Raises
    ------
    FeedError
        As `find_pieces` and `series_rows`.
    """
    found = find_pieces(store, where.feed, where.sources, last)
    rows = chain.from_iterable(_rows(store, piece, where.ingest) for piece in found.pieces)
    told: Iterator[dict[str, Any]] = series_rows(rows, where.feed, where.series)
    lines = (json.dumps(row, ensure_ascii=False, allow_nan=False, default=str) for row in told)
    piece, _ = landed_lines(store, _LINES, lines)
    return Feed(pieces=[piece], state=found.state, is_continued=found.is_continued)


def _rows(store: Store, piece: Piece, ingest: IngestSettings) -> Iterator[Row]:
    yield from read_rows(store, piece, ingest)
    require_unchanged(piece)
