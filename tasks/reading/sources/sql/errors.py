"""What goes wrong with a database, in a sentence without a secret."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import sqlalchemy as sa
from sqlalchemy import exc

from tasks.boundary.secret_urls import mask_secrets
from tasks.reading.sources.errors import FeedError, SourceAwayError

PASSWORD: Final = "NIGHTFOLD_SQL_PASSWORD"
"""Where the password of a database is looked for, before the driver looks in its own places."""

_EXTRA: Final = "sql"

_REFUSED: Final = (
    "authentication failed",
    "no password supplied",
    "no pg_hba.conf entry",
    "access denied",
    "login failed",
)
"""How servers say that they do not let us in; it is the same on the next try."""

_LASTING: Final = ("does not exist", "unknown database", "unable to open database file")
"""How they say that what was asked for is not there."""

_BUSY: Final = ("database is locked", "database table is locked")
"""How SQLite says that somebody writes: what else it calls an operational error stays."""


@contextmanager
def explained(url: sa.URL, shown: str) -> Iterator[None]:
    """Raise what SQLAlchemy and its drivers say as a sentence.

    Their errors hold the statement and its values, and Prefect keeps the chain of an error: what
    is raised here stands alone.

    Parameters
    ----------
    url
        Of the database, with the password.
    shown
        The same for people.

    Raises
    ------
    FeedError
        Naming the database, what is wrong and what to set; `SourceAwayError` where another try
        may help.
    """
    try:
        yield
    except exc.NoSuchModuleError as error:
        raise FeedError(
            f"{shown} is of a database that SQLAlchemy does not know here ({error}); install"
            " its dialect, or correct the scheme, for instance postgresql://"
        ) from None
    except ModuleNotFoundError as error:
        raise _no_driver(url, shown, error) from None
    except exc.SQLAlchemyError as error:
        raise _said(url, shown, error) from None


def _no_driver(url: sa.URL, shown: str, error: ModuleNotFoundError) -> FeedError:
    if url.get_backend_name() == "postgresql":
        remedy = f'pip install "nightfold[{_EXTRA}]"'
    else:
        remedy = f"pip install the driver that has the module {error.name}"
    return FeedError(f"{shown} needs a driver that is not installed, {error.name}; {remedy}")


def _said(url: sa.URL, shown: str, error: exc.SQLAlchemyError) -> FeedError:
    said = " ".join(str(getattr(error, "orig", None) or error).split())
    words = mask_secrets(said)
    if isinstance(url.password, str) and url.password:
        words = words.replace(url.password, "***")
    if any(it in said.lower() for it in _REFUSED):
        return FeedError(
            f"{shown} does not let nightfold in ({words}); set the password in {PASSWORD}, or"
            " where the driver looks for it, and the name of the user in the URL"
        )
    if _is_passing(url, error, said.lower()):
        return SourceAwayError(f"{shown} does not answer ({words}); run again")
    return FeedError(
        f"{shown} refuses what is asked of it ({words}); correct the URL, or `table`, `query`"
        " and `since` under [sql]"
    )


def _is_passing(url: sa.URL, error: exc.SQLAlchemyError, said: str) -> bool:
    if url.get_backend_name() == "sqlite":
        return any(it in said for it in _BUSY)
    is_cut = isinstance(error, exc.DBAPIError) and error.connection_invalidated
    is_operational = isinstance(error, exc.OperationalError | exc.InterfaceError)
    return (is_cut or is_operational) and not any(it in said for it in _LASTING)
