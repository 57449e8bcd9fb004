"""Every format that is read: add one by its module and a line here."""

from pathlib import PurePosixPath
from typing import Final

from tasks.reading.formats.base import Format
from tasks.reading.formats.csv import CSV, TSV
from tasks.reading.formats.json.jsonl import JSONL
from tasks.reading.formats.parquet import PARQUET
from tasks.reading.formats.xlsx import XLSX

FORMATS: Final = {it.name: it for it in (JSONL, CSV, TSV, PARQUET, XLSX)}
COMPRESSIONS: Final = {".gz": "gzip", ".zst": "zstd"}
"""Ending → compression, as Arrow calls it."""


def format_of(name: str) -> tuple[Format, str | None] | None:
    """Read format and compression off a file's name; None where it is not one of ours."""
    path = PurePosixPath(name.lower())
    compression = COMPRESSIONS.get(path.suffix)
    ending = PurePosixPath(path.stem).suffix if compression else path.suffix
    found = next((it for it in FORMATS.values() if ending in it.endings), None)
    return (found, compression) if found else None


def known_endings() -> str:
    """Return the endings of files that are read, for messages."""
    endings = ", ".join(ending for it in FORMATS.values() for ending in it.endings)
    return f"{endings} (each also with {' or '.join(COMPRESSIONS)})"
