"""A glance at a feed of which nobody has said what its documents are: names of files, first rows.

Reads  a feed
Writes nothing but scratch
"""

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from tasks.boundary.excerpts import excerpt
from tasks.boundary.secret_urls import masked_errors
from tasks.reading.formats.kinds import format_of
from tasks.reading.guesses import find_guess
from tasks.reading.pieces import find_pieces, read_rows
from tasks.reading.raw_feed import IngestSettings
from tasks.reading.sources.archives import is_archive
from tasks.reading.sources.errors import FeedError
from tasks.reading.sources.filesystems import (
    files_below,
    filesystem_of,
    is_file,
    is_local,
    is_there,
    spot,
)
from tasks.reading.sources.kinds import kind_of
from tasks.reading.sources.settings import SourceSettings
from tasks.store.storage import Store

_ROWS: Final = 2_000
"""Enough to see a series go on where every step has rows of some hundred series."""

_TEXTS: Final = ("text", "title")
_NAME_CHARS: Final = 60

Rows = Sequence[Mapping[str, Any]]


class Glance(NamedTuple):
    """What a feed looks like.

    Parameters
    ----------
    names
        Of its files, those in archives too; none where it is no feed of files.
    rows
        The first ones of its tables; none where they cannot be read.
    """

    names: Sequence[str]
    rows: Rows


class Told(NamedTuple):
    """Why the documents of a feed seem to be of a kind, and what to set for them.

    Parameters
    ----------
    why
        As a sentence without its end.
    settings
        Of the group that is called as the kind is.
    """

    why: str
    settings: Mapping[str, Any]


def glance_at(aside: Store, feed: str, ingest: IngestSettings, sources: SourceSettings) -> Glance:
    """Look at names and first rows of a feed; what cannot be read, who reads all of it will meet.

    Parameters
    ----------
    aside
        An empty place that is like a night's place in a store.
    feed, ingest, sources
        As for a run.
    """
    if kind_of(feed).group:  # not one of files
        return Glance([], [])
    names = list(_names(feed))
    if not any(map(format_of, names)):
        return Glance(names, [])
    try:
        pieces = find_pieces(aside, feed, sources).pieces
        read = chain.from_iterable(read_rows(aside, piece, ingest) for piece in pieces)
        return Glance(names, [it.values for it in islice(read, _ROWS) if it.values is not None])
    except FeedError:
        return Glance(names, [])


def told_texts(glance: Glance) -> Told | None:
    """Return which column holds texts; None where none is called as if it did."""
    columns = list(dict.fromkeys(name for row in glance.rows for name in row))
    for part in _TEXTS:
        name = find_guess(part, columns)
        if name is not None and any(isinstance(row.get(name), str) for row in glance.rows):
            return Told(f"column {excerpt(name, _NAME_CHARS)!r} holds texts", {})
    return None


def _names(feed: str) -> Iterator[str]:
    with masked_errors():
        filesystem, path = filesystem_of(feed)
        base, pattern = spot(filesystem, path)
        if not is_there(filesystem, base, pattern):
            return
        is_single = pattern is None and is_file(filesystem, base)
        for item in [base] if is_single else files_below(filesystem, base, pattern):
            yield item
            if is_archive(item) and is_local(filesystem):
                yield from _members(Path(item))


def _members(archive: Path) -> list[str]:
    try:
        with zipfile.ZipFile(archive) as file:
            return file.namelist()
    except (OSError, zipfile.BadZipFile):
        return []
