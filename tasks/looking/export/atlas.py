"""Write the Parquet that embedding-atlas reads: text, place, cluster and topic of each document.

Reads  nothing
Writes DIR/documents.parquet
"""

from pathlib import Path
from typing import Final

import pyarrow as pa

from tasks.looking.export.rows import Exported
from tasks.store.files import write_parquet

NO_MAP: Final = (
    "the night has no table `map`, so the documents have no places; embedding-atlas computes some"
)

_TYPES: Final = {
    "timestamp": pa.timestamp("us", "UTC"),
    "confidence": pa.float32(),
    "margin": pa.float32(),
    "is_outlier": pa.bool_(),
    "is_new": pa.bool_(),
    "projection_x": pa.float32(),
    "projection_y": pa.float32(),
}
"""Of columns that hold no texts; said, for a column may have no value tonight."""


def write_atlas(found: Exported, folder: Path) -> list[Path]:
    """Write a row for each document, with its place where the night has a map."""
    names = list(found.documents[0]) if found.documents else []
    schema = pa.schema([(name, _TYPES.get(name, pa.string())) for name in names])
    path = folder / "documents.parquet"
    write_parquet(path, pa.Table.from_pylist(found.documents, schema=schema))
    return [path]


def atlas_command(found: Exported, file: Path) -> str:
    """Return the command that shows the file."""
    places = " --x projection_x --y projection_y" if found.has_map else ""
    return f"embedding-atlas {file} --text text{places}"
