"""The statements that read a feed from a database; names are quoted, values bound, none pasted."""

import hashlib
from typing import Any, Final

import sqlalchemy as sa

from tasks.reading.sources.errors import FeedError, FeedMissingError
from tasks.reading.sources.sql.settings import SqlSettings

_SHOWN: Final = 20
"""Names of tables or columns in a message."""


def require_asked(settings: SqlSettings) -> None:
    """Fail where nothing is asked of the database.

    Raises
    ------
    FeedError
        If there is neither a table nor a query.
    """
    if not settings.table and not settings.query.strip():
        raise FeedError(
            "a feed from a database needs `table` or `query` under [sql] in the config file, got"
            " neither; see docs/databases.md"
        )


def asked(settings: SqlSettings) -> str:
    """Say what is asked of the database; a query by its digest."""
    digest = hashlib.sha256(settings.query.encode()).hexdigest()[:12]
    return f"table {settings.table}" if settings.table else f"query {digest}"


def require_columns_there(connection: sa.Connection, settings: SqlSettings) -> None:
    """Fail where the table or the column of the cursor is not there.

    Raises
    ------
    FeedMissingError
        Naming the tables, or the columns, that are there.
    FeedError
        If the query gives two columns of one name.
    """
    if settings.table:
        _require_table(connection, settings.table)
    names = _columns(connection, _rows(settings))
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise FeedError(
            f"`query` under [sql] gives two columns named {twice!r}; rename one of them with AS"
        )
    if settings.since and settings.since not in names:
        raise FeedMissingError(
            f"`since` under [sql] must be a column of the rows, got {settings.since!r}; there are"
            f" {_listed(names)}"
        )


def rows_since(settings: SqlSettings, value: Any) -> sa.Select[Any]:
    """Return the statement for tonight's rows.

    Parameters
    ----------
    settings
        Of the feed.
    value
        Of the cursor: rows with it and after it are read, for more with the same value may have
        come; None: all rows.
    """
    rows = _rows(settings)
    statement: sa.Select[Any] = sa.select(sa.literal_column("*")).select_from(rows)
    if not settings.since:
        return statement
    cursor = rows.c[settings.since]
    statement = statement.where(cursor.is_not(None)).order_by(cursor)
    return statement if value is None else statement.where(cursor >= value)


def n_without_cursor(settings: SqlSettings) -> sa.Select[Any]:
    """Return the statement that counts the rows that have no value in the column of the cursor."""
    rows = _rows(settings)
    cursor = rows.c[settings.since]
    return sa.select(sa.func.count()).select_from(rows).where(cursor.is_(None))


def _rows(settings: SqlSettings) -> sa.FromClause:
    columns: list[sa.ColumnClause[Any]] = [sa.column(settings.since)] if settings.since else []
    if settings.table:
        schema, name = _parts(settings.table)
        return sa.table(name, *columns, schema=schema)
    # A colon would begin a parameter of SQLAlchemy's, and a query has none.
    words = settings.query.strip().rstrip(";").replace(":", "\\:")
    return sa.text(words).columns(*columns).subquery("feed")


def _parts(table: str) -> tuple[str | None, str]:
    schema, _, name = table.rpartition(".")
    return schema or None, name


def _require_table(connection: sa.Connection, table: str) -> None:
    schema, name = _parts(table)
    inspector = sa.inspect(connection)
    if inspector.has_table(name, schema):
        return
    views = inspector.get_view_names(schema)
    there = sorted({*inspector.get_table_names(schema), *views})
    raise FeedMissingError(
        f"`table` under [sql] must be a table or view of the database, got {table!r}; there are"
        f" {_listed(there)}"
    )


def _columns(connection: sa.Connection, rows: sa.FromClause) -> list[str]:
    nothing: sa.Select[Any] = sa.select(sa.literal_column("*")).select_from(rows)
    return list(connection.execute(nothing.where(sa.false())).keys())


def _listed(names: list[str]) -> str:
    if not names:
        return "none"
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(map(repr, names[:_SHOWN])) + more
