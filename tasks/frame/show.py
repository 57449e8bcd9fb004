"""Show a stage's results in the Prefect UI; outside Prefect, nothing is shown."""

import re
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from prefect.artifacts import (
    create_image_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.context import TaskRunContext

from tasks.boundary.markdown import as_cell

MAX_TABLE_ROWS: Final = 200
"""Prefect refuses the event of a larger artifact; the whole table is in Parquet."""


def show_table(key: str, rows: Sequence[dict[str, Any]], description: str) -> None:
    """Show the first rows of a table; the UI reads every text in it as Markdown."""
    if TaskRunContext.get():
        shown = [
            {name: as_cell(value) for name, value in row.items()} for row in rows[:MAX_TABLE_ROWS]
        ]
        create_table_artifact(key=_key(key), table=shown, description=description)


def show_markdown(key: str, markdown: str, description: str) -> None:
    """Show a text."""
    if TaskRunContext.get():
        create_markdown_artifact(key=_key(key), markdown=markdown, description=description)


def show_picture(key: str, url: str, description: str) -> None:
    """Show a picture, which its URL holds."""
    if TaskRunContext.get():
        create_image_artifact(image_url=url, key=_key(key), description=description)


def start_progress(key: str, description: str) -> UUID | None:
    """Start a progress bar in the UI; None where there is none."""
    if not TaskRunContext.get():
        return None
    created: Any = create_progress_artifact(progress=0.0, key=_key(key), description=description)
    return UUID(str(created))


def move_progress(artifact: UUID, percent: float) -> None:
    """Move a progress bar."""
    update_progress_artifact(artifact_id=artifact, progress=percent)


def _key(key: str) -> str:
    """Spell a key with the characters that Prefect allows."""
    return re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-")
