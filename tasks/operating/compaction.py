"""Rewrite the embeddings: without texts that no document has, in few files instead of many."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from tasks.store.embeddings import read_part
from tasks.store.files import write_part
from validation.tables.columns import TEXT_DIGEST

PART_ROWS: Final = 65_536
"""Of a file that was put together."""

_SMALL: Final = 8_192
"""Files below this many rows are put together, if there are two."""


@dataclass(frozen=True)
class Layout:
    """What is to be done with the files of one encoder.

    Parameters
    ----------
    stay
        Files that stay as they are.
    rewritten
        Files whose used embeddings go into new files, in this order.
    wanted
        Text digests that go into new files.
    n_dropped
        Embeddings that no document uses.
    """

    stay: list[Path]
    rewritten: list[Path]
    wanted: set[str]
    n_dropped: int


def plan(folder: Path, used: set[str], retired: set[Path]) -> Layout:
    """Plan the files of one encoder.

    Parameters
    ----------
    folder
        Of the encoder.
    used
        Text digests of all documents that are kept.
    retired
        Files that are about to be removed. What is used and stands only there is carried over: a
        text may have come back meanwhile.
    """
    digests = {path: _digests(path) for path in sorted(folder.glob("part-*.parquet"))}
    live = [path for path in digests if path not in retired]
    small = [path for path in live if len(digests[path]) < _SMALL]
    stay = [
        path for path in live if digests[path] <= used and (path not in small or len(small) == 1)
    ]
    there = set().union(*(digests[path] for path in stay))
    rewritten = [path for path in digests if path not in stay]
    found = set().union(*(digests[path] for path in rewritten))
    dropped = set().union(*(digests[path] for path in live)) - used
    return Layout(stay, rewritten, (found & used) - there, len(dropped))


def write_parts(layout: Layout) -> list[Path]:
    """Write the new files of a layout; give their paths."""
    written: list[Path] = []
    waiting: list[pa.Table] = []
    for table in _wanted_rows(layout):
        waiting.append(table)
        if sum(map(len, waiting)) >= PART_ROWS:
            written.append(_write(layout, waiting))
            waiting = []
    if waiting:
        written.append(_write(layout, waiting))
    return written


def _write(layout: Layout, tables: list[pa.Table]) -> Path:
    return write_part(layout.rewritten[0].parent, pa.concat_tables(tables).sort_by(TEXT_DIGEST))


def _wanted_rows(layout: Layout) -> Iterator[pa.Table]:
    """Yield the wanted embeddings file by file, each once."""
    missing = set(layout.wanted)
    for path in layout.rewritten:
        table = read_part(path)
        here = missing.intersection(table[TEXT_DIGEST].to_pylist())
        missing -= here
        if here:
            yield table.filter(pc.is_in(table[TEXT_DIGEST], pa.array(sorted(here), pa.string())))


def _digests(path: Path) -> set[str]:
    return set(read_part(path, [TEXT_DIGEST])[TEXT_DIGEST].to_pylist())
