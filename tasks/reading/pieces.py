"""Find the pieces of a feed and read their rows; a piece that cannot be read is an error."""

import csv
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from tasks.boundary.counted import counted
from tasks.boundary.transient import is_transient_error
from tasks.reading.formats.kinds import FORMATS
from tasks.reading.formats.rows import FileLog, ForeignFileError, Row, UnfitFileError
from tasks.reading.formats.settings import FileSettings
from tasks.reading.sources.base import Feed, Piece
from tasks.reading.sources.errors import FeedEncodingError, FeedError
from tasks.reading.sources.kinds import NO_SETTINGS, source_of
from tasks.reading.sources.settings import SourceSettings
from tasks.reading.sources.urls import require_no_secret, without_query
from tasks.store.fetched.landed import landed_path
from tasks.store.fetched.source_state import SourceState
from tasks.store.files import sha256_of
from tasks.store.storage import Store

logger = logging.getLogger(__name__)


def find_pieces(
    store: Store,
    feed: str,
    settings: SourceSettings = NO_SETTINGS,
    last: SourceState | None = None,
) -> Feed:
    """List the feed's pieces with the digests of their bytes.

    Parameters
    ----------
    store
        Tonight's place in the store.
    feed
        Where the documents are.
    settings
        Of all kinds of feeds.
    last
        Where the source stopped on the last published night before tonight.

    Raises
    ------
    FeedError, NotApartError
        If the feed holds a secret, or as `Source.find`.
    """
    require_no_secret(feed)
    source = source_of(feed, settings)
    scope = source.scope()
    known = _own_state(scope, last)
    found = source.find(store, known)
    pieces = found.pieces
    n_files, n_bytes = counted(len(pieces), "feed file"), sum(piece.size for piece in pieces)
    logger.info("found %s, %s, in %s", n_files, counted(n_bytes, "byte"), without_query(feed))
    if found.state is None:
        return Feed(pieces=pieces)
    state = SourceState(of=scope, state=found.state)
    return Feed(pieces=pieces, state=state, is_continued=known is not None)


def _own_state(scope: str, last: SourceState | None) -> dict[str, Any] | None:
    """Return the state that a source goes on from, if it is its own."""
    if last is None or last.of == scope:
        return last.state if last else None
    logger.warning(
        "the last night stopped in another feed, or asked it in another way (%s), so tonight's"
        " feed is read from its beginning; documents that are known count as duplicates",
        last.of,
    )
    return None


@contextmanager
def opened(store: Store, piece: Piece) -> Iterator[IO[bytes]]:
    """Open a piece as a stream of its uncompressed bytes."""
    path = landed_path(store, piece.sha256) if piece.path is None else Path(piece.path)
    with path.open("rb") as raw:
        if piece.compression is None:
            yield raw
        else:
            with pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), piece.compression) as it:
                yield it


def read_rows(store: Store, piece: Piece, settings: FileSettings) -> Iterator[Row]:
    """Stream the rows of a piece; one that cannot be read is a row with a problem.

    Raises
    ------
    FeedError
        If the piece as a whole cannot be read: a broken archive, no Parquet, a wrong wide
        encoding, two columns of one name.
    """
    try:
        with opened(store, piece) as stream:
            rows = FORMATS[piece.format].rows(stream, settings, FileLog(logger, piece.name))
            yield from _counted(rows, piece)
    except FileNotFoundError as error:
        raise FeedError(f"{piece.name} is gone since it was found; run again") from error
    except OSError as error:
        # Arrow's own complaints carry no errno; trouble on disk or network must pass.
        if error.errno is not None or is_transient_error(error):
            raise
        raise _unreadable(piece, error) from error
    except ForeignFileError as error:
        raise FeedEncodingError(f"{piece.name} {error}") from error
    except UnfitFileError as error:
        raise FeedError(f"{piece.name} {error}") from error
    except (csv.Error, ValueError, OverflowError, NotImplementedError) as error:
        raise _unreadable(piece, error) from error


def _counted(rows: Iterator[Row], piece: Piece) -> Iterator[Row]:
    """Say at the end how many rows an encoding has cost, and what to set."""
    n_undecodable = 0
    for row in rows:
        n_undecodable += row.problem_rule == "text_decodes"
        yield row
    if n_undecodable and FORMATS[piece.format].is_text:
        logger.warning(
            "%s has %s with bytes that their encoding lacks; set `encoding` under [ingest], to"
            ' "detect" if you do not know it, or `encoding_errors = "replace"` to keep the rest of'
            " them",
            *(piece.name, counted(n_undecodable, "row")),
        )


def read_types(store: Store, piece: Piece) -> dict[str, str] | None:
    """Return the Arrow type of each column, where the piece states them."""
    types = FORMATS[piece.format].types
    # A compressed file would have to be unpacked once more.
    if types is None or piece.compression is not None:
        return None
    with opened(store, piece) as stream:
        return types(stream)


def require_unchanged(piece: Piece) -> None:
    """Fail where a file's bytes are no longer those that were found; to be called after reading.

    What has landed is nightfold's own copy, which nobody else writes to.

    Raises
    ------
    FeedError
        If they are not, or the file is gone.
    """
    if piece.path is None:
        return
    try:
        is_unchanged = sha256_of(Path(piece.path)) == piece.sha256
    except FileNotFoundError:
        is_unchanged = False
    if not is_unchanged:
        raise FeedError(f"{piece.name} changed while it was read; run again")


def _unreadable(piece: Piece, error: Exception) -> FeedError:
    kind = f"{piece.format} ({piece.compression})" if piece.compression else piece.format
    why = " ".join(str(error).split())
    return FeedError(f"{piece.name} is no readable {kind} file ({why}); fetch it again")
