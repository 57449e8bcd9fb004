"""Look for what a store holds beside its published nights: temporaries, cache, embeddings."""

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.boundary.naming import night_of
from tasks.operating.doctor.finding import Finding
from tasks.store.embeddings import NOT_AS_NAMED, NOT_FINITE, holds_finite
from tasks.store.files import WRITING, sha256_of
from tasks.store.listing import feeds_of, refs_of
from tasks.store.manifests import ManifestError
from tasks.store.pruned import read_pruned
from tasks.store.records import UNREADABLE, read_record, refs_in_result
from tasks.store.refs import digest_in_name
from tasks.store.sealed import NotAsWrittenError
from tasks.store.storage import FeedStore
from tasks.titling.kept import read_title
from validation.tables.columns import EMBEDDING, TEXT_DIGEST

_RECORD: Final = re.compile(r".+-v\d+-[0-9a-f]{40}(-\d+)?")
"""Name of a stage's cache record; Prefect keeps the errors of failed runs beside them.

Those of an older nightfold end with a number.
"""

_AGAIN: Final = "the next run that needs it makes it again"


def examine_state(root: Path) -> Iterator[Finding]:
    """Examine all but the published nights; only for the holder of the store's lock."""
    yield from find_temporaries(root)
    broken, named = read_records(root)
    yield from broken
    yield from examine_stage_files(root, named, copy_names(root))
    yield from examine_embeddings(root)
    yield from examine_titles(root)


def find_temporaries(root: Path) -> Iterator[Finding]:
    """Find what a killed process left half-written."""
    scratch = (path for path in (root / "state" / "scratch").rglob("*") if not path.is_dir())
    for path in sorted({*scratch, *root.glob(f"**/{WRITING}*")}):
        if path.is_dir():
            yield _in_the_way(root, path, "temporary")
        else:
            yield Finding(_name(root, path), "temporary", "it is half-written", is_removable=True)


def read_records(root: Path) -> tuple[list[Finding], set[str]]:
    """Read the cache records.

    Returns
    -------
    The records that cannot be read, and the files that the others name.
    """
    broken: list[Finding] = []
    named: set[str] = set()
    for path in sorted((root / "state" / "results").rglob("*")):
        if not _RECORD.fullmatch(path.name):
            continue
        if not path.is_file():
            broken.append(_in_the_way(root, path, "cache_record"))
            continue
        try:
            named.update(ref.path for ref in refs_in_result(read_record(path)))
        except UNREADABLE as error:
            said = f"it cannot be used: {error}"
            broken.append(
                Finding(_name(root, path), "cache_record", said, _AGAIN, is_removable=True)
            )
    return broken, named


def copy_names(root: Path) -> set[str] | None:
    """Return what the copies of published files are called among the stage files.

    None where a night has tables and no manifest that can be read: any file may be one of its. The
    next look is taken with the manifest back in its place, if there is a copy of it.
    """
    names: set[str] = set()
    for store in (FeedStore(root=root, feed=feed) for feed in feeds_of(root)):
        try:
            manifests = [store.read_manifest(night) for night in store.published_nights()]
            listed = {str(it.night) for it in read_pruned(store)} | {it.night for it in manifests}
        except ManifestError:
            return None
        folders = root.glob(f"documents/feed={store.feed}/night=*")
        if not {str(night_of(folder)) for folder in folders} <= listed:
            return None
        refs = chain.from_iterable(refs_of(it).values() for it in manifests)
        names.update(digest_in_name(ref.sha256) for ref in refs)
    return names


def examine_stage_files(root: Path, named: set[str], copies: set[str] | None) -> Iterator[Finding]:
    """Find stage files that are damaged, or of no use.

    Parameters
    ----------
    root
        Of the store.
    named
        Files that cache records name.
    copies
        Names, without suffixes, of those that a published file can be brought back from; None
        where they are not known, and every file may be one.
    """
    for path in sorted((root / "state" / "stages").glob("*/*")):
        file = _name(root, path)
        if path.name.startswith(WRITING):
            continue
        if not path.is_file():
            yield _in_the_way(root, path, "stage_file")
        elif problem := _name_problem(path, path.stem):
            yield Finding(file, "stage_file", problem, _AGAIN, is_removable=True)
        elif file not in named and copies is not None and path.stem not in copies:
            yield Finding(file, "orphan", "no cache record names it", is_removable=True)


def examine_embeddings(root: Path) -> Iterator[Finding]:
    """Find files of embeddings that are damaged."""
    for path in sorted(root.glob("embeddings/encoder=*/part-*.parquet")):
        problem = embedding_problem(path)
        if problem:
            remedy = "the next run that needs its texts embeds them again"
            yield Finding(_name(root, path), "embeddings", problem, remedy, is_movable=True)


def embedding_problem(path: Path) -> str | None:
    """Return what is wrong with a file of embeddings, if anything is."""
    if problem := _name_problem(path, path.stem.removeprefix("part-")):
        return problem
    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        return f"it cannot be read: {error}"
    if not {TEXT_DIGEST, EMBEDDING} <= set(schema.names):
        return f"it has columns {schema.names}"
    return None if holds_finite(path) else NOT_FINITE


def examine_titles(root: Path) -> Iterator[Finding]:
    """Find titles of clusters that are not what was kept."""
    for path in sorted((root / "state" / "titles").glob("*.json")):
        if not path.is_file():
            yield _in_the_way(root, path, "title")
            continue
        try:
            read_title(path)
        except (OSError, NotAsWrittenError) as error:
            remedy = "the next night asks for it again"
            yield Finding(_name(root, path), "title", f"it {error}", remedy, is_removable=True)


def _name_problem(path: Path, digest: str) -> str | None:
    """Return what is wrong with a file whose name is the beginning of its digest."""
    try:
        is_whole = sha256_of(path).startswith(digest)
    except OSError as error:
        return f"it cannot be read: {error.strerror}"
    return None if is_whole else NOT_AS_NAMED


def _in_the_way(root: Path, path: Path, rule: str) -> Finding:
    return Finding(_name(root, path), rule, "it must be a file", is_movable=True)


def _name(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()
