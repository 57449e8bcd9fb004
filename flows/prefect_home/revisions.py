"""Revisions of Prefect's database: which one a file has, and which the installed Prefect knows.

Prefect's migrations are read, not imported: that would take a second before every run.
"""

import importlib.util
import re
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Final

_REVISION: Final = re.compile(r"^(down_)?revision\s*(?::[^=\n]+)?=\s*[\"'](\w+)[\"']", re.MULTILINE)
"""Where a migration says which state of the database it leads to, and from which."""


def revisions_of(path: Path) -> set[str]:
    """Return the revision of a database; nothing for one that was never finished."""
    with closing(sqlite3.connect(path)) as database:
        tables = database.execute("select name from sqlite_master where name = 'alembic_version'")
        if tables.fetchone() is None:
            return set()
        return {str(row[0]) for row in database.execute("select version_num from alembic_version")}


def known_revisions() -> set[str]:
    """Return every revision of an SQLite database that the installed Prefect knows."""
    return {name for is_before, name in _migrations() if not is_before}


def last_revision() -> str:
    """Return the revision that the installed Prefect brings its SQLite databases to."""
    before = {name for is_before, name in _migrations() if is_before}
    (last,) = known_revisions() - before
    return last


@cache
def _migrations() -> list[tuple[str, str]]:
    prefect = importlib.util.find_spec("prefect")
    assert prefect is not None
    assert prefect.origin is not None
    folder = Path(prefect.origin).parent / "server/database/_migrations/versions/sqlite"
    texts = (path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    return [found for text in texts for found in _REVISION.findall(text)]
