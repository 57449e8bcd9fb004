"""Files that are there whole or not at all: written aside, brought to the disk, then moved."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.types import is_fixed_size_list, is_floating, is_large_list, is_list, is_struct

WRITING: Final = ".writing-"
"""What the name of a half-written file starts with."""


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _temporary(path.parent) as temporary:
        temporary.write_bytes(content)
        _move_durably(temporary, path)


def copy_atomically(source: Path, target: Path) -> None:
    """Copy a file so that a reader sees it whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with _temporary(target.parent) as temporary:
        shutil.copyfile(source, temporary)
        _move_durably(temporary, target)


def write_by_digest(folder: Path, fill: Callable[[Path], object]) -> Path:
    """Write a file under the digest of its content, which is known when the last byte is.

    Parameters
    ----------
    folder
        Where it is kept.
    fill
        Write the content to the file that it is handed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _temporary(folder) as temporary:
        fill(temporary)
        path = folder / sha256_of(temporary)
        _move_durably(temporary, path)
    return path


def write_checked(path: Path, fill: Callable[[Path], object], digest: str) -> bool:
    """Write a file if its content has a digest, and return whether it has.

    Parameters
    ----------
    path
        Of the file.
    fill
        Write the content to the file that it is handed.
    digest
        SHA-256 of the content, or what it begins with.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _temporary(path.parent) as temporary:
        fill(temporary)
        is_right = sha256_of(temporary).startswith(digest)
        if is_right:
            _move_durably(temporary, path)
    return is_right


def write_parquet(path: Path, table: pa.Table) -> None:
    """Write a table so that a reader sees it whole or not at all."""
    write_atomically(path, _parquet(table))


def write_part(folder: Path, table: pa.Table) -> Path:
    """Write a table under the digest of its file's content, and return the path."""
    content = _parquet(table)
    path = folder / f"part-{hashlib.sha256(content).hexdigest()[:16]}.parquet"
    write_atomically(path, content)
    return path


def how_to_write(schema: pa.Schema) -> dict[str, Any]:
    """Return how a table is written: numbers with fractions without a dictionary, all compressed.

    Vectors hardly hold a number twice: a file of a few hundred would be half as large again with a
    dictionary, which a writer takes longer to make than to do all else. Their first bytes, signs
    and exponents, are alike: a tenth less is left where the first bytes of all come first.
    """
    columns = [path for field in schema for path, kind in _leaves(field) if not is_floating(kind)]
    vectors = [field for field in schema if is_fixed_size_list(field.type)]
    split = [path for field in vectors for path, kind in _leaves(field) if is_floating(kind)]
    return {
        "compression": "zstd",
        "use_dictionary": columns,
        "column_encoding": dict.fromkeys(split, "BYTE_STREAM_SPLIT"),
    }


def _leaves(field: pa.Field) -> Iterator[tuple[str, pa.DataType]]:
    """Yield the columns that a field has in a file, as Parquet calls them, with their types."""
    kind = field.type
    if is_list(kind) or is_large_list(kind) or is_fixed_size_list(kind):
        within = [pa.field("list.element", kind.value_type)]
    elif is_struct(kind):
        within = list(kind)
    else:
        yield field.name, kind
        return
    for inner in within:
        yield from ((f"{field.name}.{path}", leaf) for path, leaf in _leaves(inner))


def _parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **how_to_write(table.schema))
    return bytes(sink.getvalue().to_pybytes())


@contextmanager
def begun(path: Path) -> Iterator[Path]:
    """Yield an empty file that gets its name once it is filled, where nobody else was first."""
    with _temporary(path.parent) as temporary:
        yield temporary
        # A name that is taken stays what it is.
        with suppress(FileExistsError):
            os.link(temporary, path)


@contextmanager
def _temporary(folder: Path) -> Iterator[Path]:
    """Create an empty file as a person would, so that who may read it is for the umask to say.

    `tempfile` keeps every other user out, and a mode set afterwards would let everybody in.
    """
    path = folder / f"{WRITING}{secrets.token_hex(8)}"
    path.touch(exist_ok=False)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _move_durably(temporary: Path, path: Path) -> None:
    """Bring the bytes to the disk before the name points at them, and the name after."""
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
