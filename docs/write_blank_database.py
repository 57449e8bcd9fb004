"""Write flows/prefect_home/blank.sql: a database as the installed Prefect's migrations make it.

    python docs/write_blank_database.py

To be run when the pinned Prefect has a new migration; a test says when.
"""

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from flows.prefect_home.blank import BLANK


def migrated(home: Path) -> str:
    """Return the database that Prefect makes in a folder, as SQL."""
    database = home / "prefect.db"
    os.environ["PREFECT_HOME"] = str(home)
    os.environ["PREFECT_API_DATABASE_CONNECTION_URL"] = f"sqlite+aiosqlite:///{database}"
    # Reads its settings when it is imported.
    from prefect.server.database import provide_database_interface  # noqa: PLC0415

    asyncio.run(provide_database_interface().create_db())
    with closing(sqlite3.connect(database)) as connection:
        return "\n".join(connection.iterdump()) + "\n"


if __name__ == "__main__":
    with TemporaryDirectory() as home:
        BLANK.write_text(migrated(Path(home)), encoding="utf-8")
