"""What every kind of feed is to a night: a list of pieces, each a stream of bytes in one format."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

from tasks.boundary.inert import label_of
from tasks.frame.result import StageResult
from tasks.reading.formats.kinds import format_of, known_endings
from tasks.reading.sources.errors import FeedError
from tasks.reading.sources.settings import SourceSettings
from tasks.store.fetched.landed import land
from tasks.store.fetched.source_state import SourceState
from tasks.store.storage import Store


class Piece(BaseModel):
    """A part of a feed that is read on its own, as it was found."""

    model_config = ConfigDict(frozen=True)

    name: str
    """Relative to the feed, used in messages and tables; see `label_of`."""
    path: str | None
    """Where it lies on this machine; None if it has landed in the store, under its digest."""
    format: str
    compression: str | None
    size: int
    sha256: str


class Feed(StageResult):
    """A feed's pieces in the order in which they are read, and where its source has stopped."""

    pieces: list[Piece]
    state: SourceState | None = Field(None, exclude=True)
    """None where the source remembers nothing; no part of any cache key."""
    is_continued: bool = Field(False, exclude=True)
    """Whether the source went on from an earlier night: there may be nothing new since then."""

    def facts(self) -> dict[str, Any]:
        """Return the state, from which the next night goes on."""
        return {"source": self.state.model_dump()} if self.state else {}


@dataclass(frozen=True)
class Found:
    """What a source has found.

    Parameters
    ----------
    pieces
        In the order in which they are read.
    state
        JSON; None where the source remembers nothing from one night to the next. A source that
        does may find no pieces, or pieces without rows: there is nothing new then.
    """

    pieces: list[Piece]
    state: dict[str, Any] | None = None


class Source(Protocol):
    """A feed, as its kind reads it; `tasks.reading.sources.kinds` has all kinds."""

    def __init__(self, feed: str, settings: SourceSettings) -> None: ...

    def lasting(self) -> str:
        """Return the feed so that it means the same in another folder."""
        ...

    def require_apart(self, store: Path) -> None:
        """Fail where the store lies inside the feed, or the feed inside the store.

        Raises
        ------
        NotApartError
            Naming both.
        """
        ...

    def require_there(self) -> None:
        """Fail early, before anything is started, where the feed is not there at all.

        Raises
        ------
        FeedMissingError
            If it is not. What does not answer is left to the run, which asks more than once.
        """
        ...

    def scope(self) -> str:
        """Return what a state is the state of: the feed, and how it is asked for its documents.

        A state of another scope is not handed to `find`. It holds no secret, for the manifest has
        it; empty for a kind that remembers nothing.
        """
        ...

    def find(self, store: Store, state: dict[str, Any] | None) -> Found:
        """List the pieces with the digests of their bytes; all but local files land.

        Parameters
        ----------
        store
            Tonight's place in the store.
        state
            The one that was found for the last published night before tonight; None if there is
            none, and the feed is read from its beginning.

        Raises
        ------
        FeedError
            If there are none that can be read.
        """
        ...


def found_piece(name: str, path: str | None, size: int, sha256: str) -> Piece:
    """Return a piece whose format and compression are read off its name.

    Raises
    ------
    FeedError
        If its name ends in none of the known endings.
    """
    found = format_of(name)
    if found is None:
        raise FeedError(f"{name} must end in {known_endings()}")
    kind, compression = found
    return Piece(
        name=name, path=path, format=kind.name, compression=compression, size=size, sha256=sha256
    )


def landed_piece(store: Store, name: str, fill: Callable[[Path], object]) -> Piece:
    """Bring a piece into the store, from which it is read however often.

    Parameters
    ----------
    store
        Tonight's place in the store.
    name
        Of the piece; its ending says the format.
    fill
        Write the piece's bytes to the file that it is handed.

    Raises
    ------
    FeedError
        As `found_piece`.
    """
    landed = land(store, fill)
    return found_piece(name, None, landed.stat().st_size, landed.name)


def landed_lines(store: Store, name: str, lines: Iterable[str]) -> tuple[Piece, int]:
    """Bring rows, each a line of JSON, into the store as a piece; return it and how many there are.

    Parameters
    ----------
    store
        Tonight's place in the store.
    name
        Of the piece, without an ending.
    lines
        They are not in memory. Bytes that are no UTF-8 come as surrogates, and as they were.
    """
    n_lines = 0

    def fill(target: Path) -> None:
        nonlocal n_lines
        with target.open("w", encoding="utf-8", errors="surrogateescape") as file:
            for line in lines:
                file.write(line + "\n")
                n_lines += 1

    return landed_piece(store, label_of(f"{name}.jsonl"), fill), n_lines
