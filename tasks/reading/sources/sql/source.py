"""A feed that is a table or a query of a database, read with SQLAlchemy."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from tasks.boundary.counted import counted
from tasks.reading.sources.base import Found, landed_lines
from tasks.reading.sources.errors import FeedError, FeedMissingError, SourceAwayError
from tasks.reading.sources.known_rows import MAX_KNOWN
from tasks.reading.sources.places import require_apart
from tasks.reading.sources.settings import SourceSettings
from tasks.reading.sources.sql.cells import line_of
from tasks.reading.sources.sql.cursor import CursorReader, cursor_of
from tasks.reading.sources.sql.errors import PASSWORD, explained
from tasks.reading.sources.sql.query import (
    asked,
    n_without_cursor,
    require_asked,
    require_columns_there,
    rows_since,
)
from tasks.reading.sources.urls import without_query
from tasks.store.storage import Store

logger = logging.getLogger(__name__)

_DRIVERS: Final = {"postgresql": "postgresql+psycopg"}
"""What a scheme without a driver means where it is another than SQLAlchemy's choice."""

_BATCH_ROWS: Final = 1_000
"""Rows that are in memory at once."""

_READ_ONLY: Final[dict[str, dict[str, Any]]] = {
    # One picture of the table for all statements of a night, too.
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}
"""Database → options of a connection that may not write."""


class SqlSource:
    """The rows of a table or a query, all of them or those since the last night.

    Parameters
    ----------
    feed
        A URL of SQLAlchemy's.
    settings
        What is asked of the database.
    """

    def __init__(self, feed: str, settings: SourceSettings) -> None:
        self._feed, self._asked = feed, settings.sql

    def lasting(self) -> str:
        """Return the URL, with the absolute path of a file."""
        file = self._file()
        if file is None:
            return self._feed
        head, _, query = self._feed.partition("?")
        path = head.split("://", 1)[0] + ":///" + os.path.abspath(os.path.expanduser(file))
        return f"{path}?{query}" if query else path

    def require_apart(self, store: Path) -> None:
        """Fail where the database is a file inside the store.

        Raises
        ------
        NotApartError
            Naming both.
        """
        if (file := self._file()) is not None:
            require_apart(file, store)

    def require_there(self) -> None:
        """Fail early where the database, the table or the column is not there.

        Raises
        ------
        FeedError
            If it is not. A database that does not answer is left to the run.
        """
        require_asked(self._asked)
        try:
            with self._connected() as connection:
                require_columns_there(connection, self._asked)
        except SourceAwayError:
            return

    def scope(self) -> str:
        """Return the database and what is asked of it, where it is asked for what is new."""
        if not self._asked.since:
            return ""
        return f"{without_query(self._feed)}, {asked(self._asked)}, since {self._asked.since}"

    def find(self, store: Store, state: dict[str, Any] | None) -> Found:
        """Read the rows into one piece, and where the reading stopped.

        Raises
        ------
        FeedError
            If the database does not give them.
        """
        require_asked(self._asked)
        last = cursor_of(state) if state else None
        reader = CursorReader(self._asked.since, last)
        lines = self._lines(last.value if last else None, reader)
        piece, n_rows = landed_lines(store, self._asked.table or "query", lines)
        end = reader.end() if self._asked.since else None
        if end is None:
            return Found([piece])
        logger.info("read %s, up to %s %s", counted(n_rows, "row"), self._asked.since, end.value)
        if not end.rows:
            logger.warning(
                "more than %s rows have the last value of %r, so they are read again tomorrow and"
                " count as duplicates then; name a column under `since` that tells rows apart",
                *(f"{MAX_KNOWN:,}", self._asked.since),
            )
        return Found([piece] if n_rows else [], end.state())

    def _lines(self, value: Any, reader: CursorReader) -> Iterator[str]:
        """Stream the rows as lines of JSON, but for those that the last night has read."""
        with self._connected() as connection:
            require_columns_there(connection, self._asked)
            self._say_left_out(connection)
            found = connection.execution_options(yield_per=_BATCH_ROWS).execute(
                rows_since(self._asked, value)
            )
            for row in found.mappings():
                line = line_of(row)
                if not self._asked.since or reader.is_new(row[self._asked.since], line):
                    yield line

    def _say_left_out(self, connection: sa.Connection) -> None:
        """Count the rows that no night reads."""
        if not self._asked.since:
            return
        n_left_out = connection.execute(n_without_cursor(self._asked)).scalar_one()
        if n_left_out:
            logger.warning(
                "%s without a value in %r left out: no night reads them until they have one; name a"
                " column without gaps under `since` of [sql], or leave it out to read all rows",
                *(counted(n_left_out, "row"), self._asked.since),
            )

    @contextmanager
    def _connected(self) -> Iterator[sa.Connection]:
        """Connect for reading; whatever a statement does is rolled back."""
        url = self._url()
        if (file := self._file()) is not None and not Path(file).expanduser().is_file():
            # SQLite would make a file of that name.
            raise FeedMissingError(f"{without_query(self._feed)} is not there; give a file")
        with explained(url, without_query(self._feed)):
            engine = sa.create_engine(url, poolclass=sa.NullPool)
            options = _READ_ONLY.get(url.get_backend_name(), {})
            with engine.connect().execution_options(**options) as connection:
                if url.get_backend_name() == "sqlite":
                    _prepare_sqlite(connection)
                yield connection

    def _url(self) -> sa.URL:
        url = self._parsed()
        url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
        password = os.environ.get(PASSWORD)
        return url.set(password=password) if password and self._file() is None else url

    def _file(self) -> str | None:
        """Return the file that is the database, if it is one."""
        url = self._parsed()
        if url.get_backend_name() != "sqlite":
            return None
        if not url.database or url.database == ":memory:":
            raise FeedError(
                f"{without_query(self._feed)} must name a file, as sqlite:///reviews.db does"
            )
        return url.database

    def _parsed(self) -> sa.URL:
        try:
            return sa.make_url(self._feed)
        except (sa.exc.ArgumentError, ValueError):
            raise FeedError(
                f"{without_query(self._feed)} must be a URL as SQLAlchemy reads it, for instance"
                " postgresql://host/database or sqlite:///reviews.db"
            ) from None


def _prepare_sqlite(connection: sa.Connection) -> None:
    """Let a connection only read, and hand over texts that are no UTF-8: their rows are refused."""
    connection.exec_driver_sql("PRAGMA query_only = ON")
    driver: Any = connection.connection.driver_connection
    driver.text_factory = lambda raw: raw.decode(errors="surrogateescape")
