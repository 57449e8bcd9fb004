"""Examine a published night: its files against its manifest, its tables against each other."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import ValidationError

from tasks.files import sha256_of
from tasks.finding import Finding
from tasks.listing import refs_of
from tasks.manifests import Manifest, ManifestError
from tasks.storage import Ref, Store, is_intact, read_table, readable
from validation.schemas import (
    CLUSTER_ID,
    DOC_ID,
    DUPLICATE_OF,
    IS_NEW,
    KIND,
    PUBLISHED,
    RULE_ID,
    SCHEMA_VERSION,
    SIZE,
)

Tables = Mapping[str, pa.Table]

_READ: Final = {
    "documents": [DOC_ID, DUPLICATE_OF],
    "duplicates": [KIND],
    "quarantine": [RULE_ID],
    "withdrawn": [DOC_ID],
    "assignments": [DOC_ID, CLUSTER_ID, IS_NEW],
    "clusters": [CLUSTER_ID, SIZE],
}
"""What the tables are compared by."""

_PLACES: Final = ("accepted", "duplicate", "quarantined", "withdrawn")
_COUNTS: Final = ("read", *_PLACES)
_SHOWN: Final = 3
_AGAIN: Final = "; run that night again"


@dataclass
class Earlier:
    """The documents of the nights that were examined before.

    Parameters
    ----------
    night_of
        doc_id → its night.
    is_complete
        False after a night whose documents could not be read: who is missing is not known then.
    """

    night_of: dict[str, str] = field(default_factory=dict)
    is_complete: bool = True

    def withdraw(self, doc_ids: Iterable[str]) -> None:
        """Forget documents that their source has withdrawn: they may come back."""
        for doc_id in doc_ids:
            self.night_of.pop(doc_id, None)


def examine_night(store: Store, earlier: Earlier) -> Iterator[Finding]:
    """Examine one night, and note its documents for the nights after it.

    Raises
    ------
    NewerStoreError
        If a newer nightfold has published the night.
    """
    try:
        manifest = store.read_manifest()
        refs, counts = refs_of(manifest), counts_of(manifest)
    except (ManifestError, ValidationError) as error:
        earlier.is_complete = False
        said = str(error).removeprefix(f"{store.manifest_path()} ").removesuffix(_AGAIN)
        yield Finding(_file(store), "manifest", said, remedy_of(store))
        return
    # Nights of an older nightfold have no tables of what it did not read or measure.
    has = {"withdrawn": counts["withdrawn"], "drift": (manifest["fit"] or {}).get("drift")}
    expected = [name for name in PUBLISHED if has.get(name, True)]
    broken = list(examine_files(store, refs, expected))
    yield from broken
    damaged = {finding.file for finding in broken}
    tables = {
        name: read_table(store, ref, _READ[name])
        for name, ref in refs.items()
        if name in _READ and ref.path not in damaged
    }
    yield from compare_tables(store, counts, tables)
    yield from compare_nights(store, tables, earlier)


def remedy_of(store: Store) -> str:
    """Say how a night is published anew."""
    return (
        f"run the night again: nightfold run FEED --store {store.root}"
        f" --feed-name {store.feed} --night {store.night}"
    )


def stage_copies(store: Store, ref: Ref) -> Iterator[str]:
    """Find intact copies of a published file among the stage files, relative to the root."""
    suffix = Path(ref.path).suffix
    for path in sorted(store.state.glob(f"stages/*/{ref.sha256[:32]}{suffix}")):
        if sha256_of(path) == ref.sha256:
            yield path.relative_to(store.root).as_posix()


def counts_of(manifest: Manifest) -> dict[str, int]:
    """Give where a night's rows went.

    Raises
    ------
    ManifestError
        If the manifest does not say.
    """
    counts: dict[str, Any] = manifest["counts"]
    for name in _COUNTS:
        if not isinstance(counts.get(name), int):
            raise ManifestError(f"counts must have {name!r} as a number, got {counts.get(name)!r}")
    return counts


def examine_files(
    store: Store, refs: Mapping[str, Ref], expected: Collection[str]
) -> Iterator[Finding]:
    """Find files that are gone, changed, or of another schema; a table that lacks is one too."""
    for name in sorted(set(expected) - refs.keys()):
        yield Finding(_file(store), "tables", f"it names no table {name!r}", remedy_of(store))
    for name, ref in refs.items():
        problem = _file_problem(store, ref)
        if problem:
            source = next(stage_copies(store, ref), None)
            yield Finding(
                ref.path, "digest", problem, "" if source else remedy_of(store), source=source
            )
        elif problem := _schema_problem(store, name, ref):
            yield Finding(ref.path, "schema", problem, remedy_of(store))


def _file_problem(store: Store, ref: Ref) -> str | None:
    if is_intact(store, ref):
        return None
    is_there = store.resolve(ref).is_file()
    return "its content is not what the manifest says" if is_there else "it is not there"


def _schema_problem(store: Store, name: str, ref: Ref) -> str | None:
    if ref.schema_version != SCHEMA_VERSION:
        return f"it has schema version {ref.schema_version}, and {SCHEMA_VERSION} is today's"
    if name not in PUBLISHED:
        return None
    with readable(store, ref), pq.ParquetFile(store.resolve(ref)) as file:
        rows, found = file.metadata.num_rows, {it.name: it.type for it in file.schema_arrow}
    wrong = [it.name for it in PUBLISHED[name] if found.get(it.name) != it.type]
    if wrong:
        return f"its columns {', '.join(wrong)} are missing or of another type"
    return None if rows == ref.rows else f"it has {rows} rows, and the manifest says {ref.rows}"


def compare_tables(store: Store, counts: Mapping[str, int], tables: Tables) -> Iterator[Finding]:
    """Find what does not add up within the night: rows, ids, clusters."""
    for problem in (*_lost_rows(counts, tables), *_lost_assignments(tables)):
        yield Finding(_file(store), "conservation", problem, remedy_of(store))
    for name, column in (("documents", DOC_ID), ("assignments", DOC_ID), ("clusters", CLUSTER_ID)):
        twice = _repeated(tables[name][column]) if name in tables else []
        if twice:
            problem = f"{column} {_some(twice)} stands in {name} more than once"
            yield Finding(_file(store), "unique_ids", problem, remedy_of(store))


def _lost_rows(counts: Mapping[str, int], tables: Tables) -> Iterator[str]:
    """Compare the counts with each other and with the tables."""
    read, parts = counts["read"], [counts[it] for it in _PLACES]
    if read != sum(parts):
        summed = " + ".join(map(str, parts))
        yield f"read {read} is not {' + '.join(_PLACES)}: {summed}"
    for name, count in zip(("duplicates", "quarantine", "withdrawn"), _PLACES[1:], strict=True):
        if name in tables and tables[name].num_rows != counts[count]:
            yield f"{count} is {counts[count]}, and {name} has {tables[name].num_rows} rows"
    if {"documents", "duplicates"} <= tables.keys():
        same_text = pc.sum(pc.equal(tables["duplicates"][KIND], "same_text")).as_py() or 0
        promised = counts["accepted"] + same_text
        if tables["documents"].num_rows != promised:
            yield (
                f"documents has {tables['documents'].num_rows} rows, and accepted rows and those"
                f" with a known text are {promised}"
            )


def _lost_assignments(tables: Tables) -> Iterator[str]:
    """Compare assignments with tonight's documents, and with the clusters and their sizes."""
    if "assignments" not in tables:
        return
    assigned = tables["assignments"]
    new = set(assigned.filter(assigned[IS_NEW])[DOC_ID].to_pylist())
    if "documents" in tables:
        documents = set(tables["documents"][DOC_ID].to_pylist())
        if documents - new:
            yield f"documents {_some(documents - new)} have no assignment"
        if new - documents:
            yield f"new assignments {_some(new - documents)} have no document"
    if "clusters" in tables:
        sizes = Counter(assigned[CLUSTER_ID].to_pylist())
        said = dict(
            zip(*(tables["clusters"][it].to_pylist() for it in (CLUSTER_ID, SIZE)), strict=True)
        )
        wrong = {it for it in sizes.keys() | said.keys() if sizes.get(it) != said.get(it)}
        if wrong:
            yield f"clusters {_some(wrong)} have not as many assignments as documents, or none"


def compare_nights(store: Store, tables: Tables, earlier: Earlier) -> Iterator[Finding]:
    """Find documents that are assigned without being there, or that two nights have."""
    if "documents" not in tables:
        earlier.is_complete = False
        return
    if "withdrawn" in tables:
        earlier.withdraw(tables["withdrawn"][DOC_ID].to_pylist())
    tonight = tables["documents"][DOC_ID].to_pylist()
    again = [doc_id for doc_id in tonight if doc_id in earlier.night_of]
    if again:
        problem = f"documents {_some(again)} are of night {earlier.night_of[again[0]]} already"
        yield Finding(_file(store), "unique_ids", problem, remedy_of(store))
    earlier.night_of |= dict.fromkeys(tonight, str(store.night))
    if "assignments" in tables and earlier.is_complete:
        lost = [
            it for it in tables["assignments"][DOC_ID].to_pylist() if it not in earlier.night_of
        ]
        if lost:
            problem = f"assignments {_some(lost)} have no document in this night or before it"
            yield Finding(_file(store), "conservation", problem, remedy_of(store))


def _repeated(ids: pa.ChunkedArray) -> list[str]:
    return [it for it, count in Counter(ids.to_pylist()).items() if count > 1]


def _some(ids: Collection[str]) -> str:
    """Name a few ids, and how many there are."""
    shown = ", ".join(repr(it) for it in sorted(ids)[:_SHOWN])
    return shown if len(ids) <= _SHOWN else f"{shown} and {len(ids) - _SHOWN:,} more"


def _file(store: Store) -> str:
    return store.manifest_path().relative_to(store.root).as_posix()
