"""Write the Parquet that embedding-atlas reads: of each document its text, place and neighbours.

Reads  nothing
Writes DIR/documents.parquet
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa

from tasks.looking.export.nearest import Nearest
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

_NEIGHBOURS: Final = "neighbors"
"""As embedding-atlas spells its option."""

_NEAREST_TYPE: Final = pa.struct({"ids": pa.list_(pa.int64()), "distances": pa.list_(pa.float32())})


def write_atlas(found: Exported, nearest: Sequence[Nearest], folder: Path) -> list[Path]:
    """Write a row for each document, with its place where the night has a map.

    Parameters
    ----------
    found
        The documents.
    nearest
        Of each the nearest ones; see `read_nearest`.
    folder
        Made if it is not there.
    """
    names = list(found.documents[0]) if found.documents else []
    schema = pa.schema([(name, _TYPES.get(name, pa.string())) for name in names])
    table = pa.Table.from_pylist(found.documents, schema=schema)
    table = table.append_column(_NEIGHBOURS, pa.array(nearest, _NEAREST_TYPE))
    path = folder / "documents.parquet"
    write_parquet(path, table)
    return [path]


def atlas_command(found: Exported, file: Path) -> str:
    """Return the command that shows the file."""
    places = f" --x projection_x --y projection_y --neighbors {_NEIGHBOURS}"
    return f"embedding-atlas {file} --text text{places if found.has_map else ''}"
