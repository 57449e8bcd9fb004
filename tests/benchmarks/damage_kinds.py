"""What can happen to a file of a store, and whether anything that could be kept was lost by it."""

import os
import shutil
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Final

from tasks.store.embeddings import is_as_named, read_part
from validation.tables.columns import EMBEDDING, TEXT_DIGEST

Vector = tuple[str, tuple[float, ...]]
"""Digest of a text, and its vector."""

LEFT_OUT: Final = ("state/prefect", "state/run.lock")
"""Prefect's own, and the file that is locked: whoever looks at a store holds it open."""

PUBLISHED: Final = (
    "runs", "documents", "duplicates", "quarantine", "withdrawn", "assignments", "clusters",
    "cluster_events", "metrics", "drift", "models", "reports", "known", "embeddings",
)  # fmt: skip
"""The folders of which nothing may be lost."""


def flip(path: Path, rng: Random) -> None:
    """Flip one bit."""
    content = bytearray(path.read_bytes())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    _replace(path, bytes(content))


def cut(path: Path, rng: Random) -> None:
    """Keep the beginning."""
    content = path.read_bytes()
    _replace(path, content[: rng.randrange(len(content))])


def empty(path: Path, _rng: Random) -> None:
    """Keep the name alone."""
    _replace(path, b"")


def delete(path: Path, _rng: Random) -> None:
    """Keep nothing."""
    path.unlink()


def folder(path: Path, _rng: Random) -> None:
    """Put a folder in its place."""
    path.unlink()
    path.mkdir()


def loop(path: Path, _rng: Random) -> None:
    """Put a link to itself in its place."""
    path.unlink()
    path.symlink_to(path.name)


def swap(path: Path, rng: Random) -> None:
    """Put another file's content there, of the same kind if there is one."""
    others = [it for it in path.parents[1].rglob(f"*{path.suffix}") if it.is_file() and it != path]
    content = rng.choice(sorted(others)).read_bytes() if others else b"{}"
    _replace(path, b"{}" if content == path.read_bytes() else content)


KINDS: Final[dict[str, Callable[[Path, Random], None]]] = {
    it.__name__: it for it in (flip, cut, empty, delete, folder, loop, swap)
}


def files_of(root: Path) -> list[str]:
    """List the files of a store, relative to it."""
    files = (it.relative_to(root).as_posix() for it in root.rglob("*") if it.is_file())
    return sorted(it for it in files if not it.startswith(LEFT_OUT) and (root / it).stat().st_size)


def linked(source: Path, target: Path) -> Path:
    """Copy a store by hard links: damage and repair write files anew, and never into them."""
    shutil.copytree(source, target, copy_function=os.link, ignore=shutil.ignore_patterns("prefect"))
    return target


def changed(before: Path, after: Path) -> set[str]:
    """Return what is published before and not, bit for bit, after.

    A file of embeddings is there while each of its vectors is, in whichever files.
    """
    return {
        file
        for file in files_of(before)
        if file.startswith(PUBLISHED)
        and not _is_same(before / file, after / file)
        and not (is_of_vectors(file) and _vectors_in([before / file]) <= _shelved_in(after / file))
    }


def is_of_vectors(file: str) -> bool:
    """Return whether a file, relative to its store, is one of embeddings."""
    return file.startswith("embeddings/")


def _shelved_in(part: Path) -> set[Vector]:
    """Return the vectors of the sound files beside one, which need not be there itself."""
    parts = sorted(part.parent.glob("part-*.parquet"))
    return _vectors_in([it for it in parts if it.is_file() and is_as_named(it)])


def _vectors_in(parts: Sequence[Path]) -> set[Vector]:
    return {
        (digest, tuple(vector))
        for part in parts
        for digest, vector in zip(
            *(read_part(part)[name].to_pylist() for name in (TEXT_DIGEST, EMBEDDING)), strict=True
        )
    }


def digests_in(root: Path) -> set[str]:
    """Return the digests of all files in the trash of a store."""
    paths = (it for it in (root / "trash").rglob("*") if it.is_file())
    return {sha256(it.read_bytes()).hexdigest() for it in paths}


def _is_same(one: Path, other: Path) -> bool:
    if not other.is_file():
        return False
    is_linked = one.stat().st_ino == other.stat().st_ino
    return is_linked or one.read_bytes() == other.read_bytes()


def _replace(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)
