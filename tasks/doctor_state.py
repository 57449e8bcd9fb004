"""Look for what a store holds beside its published nights: temporaries, cache, embeddings."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.files import WRITING, sha256_of
from tasks.finding import Finding
from tasks.listing import read_retired, retired_path
from tasks.manifests import ManifestError
from tasks.records import read_record, refs_in_result
from tasks.shelf import NOT_FINITE, holds_finite
from validation.schemas import EMBEDDING, TEXT_DIGEST

_RECORD: Final = re.compile(r".+-v\d+-[0-9a-f]{40}(-\d+)?")
"""Name of a stage's cache record; Prefect keeps the errors of failed runs beside them.

Those of an older nightfold end with a number.
"""

_AGAIN: Final = "the next run that needs it makes it again"


def examine_state(root: Path) -> Iterator[Finding]:
    """Examine all but the published nights; only for the holder of the store's lock."""
    yield from find_temporaries(root)
    try:
        read_retired(root)
    except ManifestError as error:
        file = _name(root, retired_path(root))
        remedy = "the files that it named are unlisted then"
        yield Finding(file, "retired", str(error), remedy, is_removable=True)
    broken, named = read_records(root)
    yield from broken
    yield from examine_stage_files(root, named)
    yield from examine_embeddings(root)


def find_temporaries(root: Path) -> Iterator[Finding]:
    """Find what a killed process left half-written."""
    scratch = (path for path in (root / "state" / "scratch").rglob("*") if path.is_file())
    for path in sorted({*scratch, *root.glob(f"**/{WRITING}*")}):
        yield Finding(_name(root, path), "temporary", "it is half-written", is_removable=True)


def read_records(root: Path) -> tuple[list[Finding], set[str]]:
    """Read the cache records.

    Returns
    -------
    The records that cannot be read, and the files that the others name.
    """
    broken: list[Finding] = []
    named: set[str] = set()
    for path in _files(root / "state" / "results"):
        if not _RECORD.fullmatch(path.name):
            continue
        try:
            named.update(ref.path for ref in refs_in_result(read_record(path)))
        except (ValueError, KeyError, TypeError) as error:
            said = f"it cannot be used: {error}"
            broken.append(
                Finding(_name(root, path), "cache_record", said, _AGAIN, is_removable=True)
            )
    return broken, named


def examine_stage_files(root: Path, named: set[str]) -> Iterator[Finding]:
    """Find stage files that are damaged, or that no cache record names."""
    for path in _files(root / "state" / "stages"):
        file = _name(root, path)
        if path.name.startswith(WRITING):
            continue
        if not sha256_of(path).startswith(path.stem):
            problem = "its content is not what its name says"
            yield Finding(file, "stage_file", problem, _AGAIN, is_removable=True)
        elif file not in named:
            yield Finding(file, "orphan", "no cache record names it", is_removable=True)


def examine_embeddings(root: Path) -> Iterator[Finding]:
    """Find files of embeddings that are damaged."""
    for path in sorted(root.glob("embeddings/encoder=*/part-*.parquet")):
        problem = embedding_problem(path)
        if problem:
            remedy = "the next run that needs its texts embeds them again"
            yield Finding(_name(root, path), "embeddings", problem, remedy, is_removable=True)


def embedding_problem(path: Path) -> str | None:
    """Return what is wrong with a file of embeddings, if anything is."""
    if not sha256_of(path).startswith(path.stem.removeprefix("part-")):
        return "its content is not what its name says"
    try:
        schema = pq.read_schema(path)
    except (pa.ArrowInvalid, OSError) as error:
        return f"it cannot be read: {error}"
    if not {TEXT_DIGEST, EMBEDDING} <= set(schema.names):
        return f"it has columns {schema.names}"
    return None if holds_finite(path) else NOT_FINITE


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _name(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()
