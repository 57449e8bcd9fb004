"""Find files and links where the store has folders: nothing can be written below them."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tasks.operating.doctor.finding import Finding
from tasks.store.aside.trash import TRASH
from tasks.store.pruned import KNOWN
from validation.tables.schemas import PUBLISHED

_TABLES: Final = (*PUBLISHED, "models", "reports", "runs", KNOWN)

_FOLDERS: Final = (
    *_TABLES,
    *(f"{table}/{below}" for table in _TABLES for below in ("feed=*", "feed=*/night=*")),
    "models/feed=*/night=*/*",
    "embeddings",
    "embeddings/encoder=*",
    "state",
    *(f"state/{name}" for name in ("stages", "results", "scratch", "landed", "copies", "titles")),
    "state/stages/*",
    TRASH,
)
"""What is a folder in every store that has it."""


def examine_places(root: Path) -> Iterator[Finding]:
    """Find what stands in the place of a folder; what it hides is a finding of its own."""
    for pattern in _FOLDERS:
        for path in sorted(root.glob(pattern)) if "*" in pattern else [root / pattern]:
            if os.path.lexists(path) and not path.is_dir():
                file = path.relative_to(root).as_posix()
                yield Finding(file, "folder", "it must be a folder", is_movable=True)
