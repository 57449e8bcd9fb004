"""A blank Prefect database, as Prefect's migrations leave it: to run them takes seconds.

`docs/write_blank_database.py` writes blank.sql. Where the installed Prefect is newer, its own
migrations bring a database that began with it up to date.
"""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from flows.prefect_home.revisions import known_revisions, last_revision, revisions_of
from tasks.store.files import begun

BLANK: Final = Path(__file__).with_name("blank.sql")

_REVISION: Final = re.compile(r"INSERT INTO \"?alembic_version\"? VALUES\('(\w+)'\)")


def blank_revision() -> str:
    """Return the revision of the blank database."""
    found = _REVISION.search(BLANK.read_text(encoding="utf-8"))
    assert found is not None
    return found[1]


def begin_database(path: Path) -> bool:
    """Make a store's Prefect database from the blank one, where it has none.

    Parameters
    ----------
    path
        Of the database; where its folder is not there, nothing is made.

    Returns
    -------
    Whether it was made: not where the installed Prefect is older than the blank database.
    """
    is_wanted = path.parent.is_dir() and not path.exists()
    if not is_wanted or blank_revision() not in known_revisions():
        return False
    with begun(path) as temporary, closing(sqlite3.connect(temporary)) as database:
        database.executescript(BLANK.read_text(encoding="utf-8"))
    return True


def is_up_to_date(path: Path) -> bool:
    """Return whether no migration of the installed Prefect has anything to do on a database."""
    return path.is_file() and revisions_of(path) == {last_revision()}
