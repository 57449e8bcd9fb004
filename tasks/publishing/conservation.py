"""What must add up within a night: its rows, its ids, its clusters; for publish and for doctor."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tasks.store.storage import Ref, Store, readable
from validation.schemas import (
    CLUSTER_ID,
    DOC_ID,
    DUPLICATE_OF,
    IS_NEW,
    KIND,
    LATER,
    PUBLISHED,
    RULE_ID,
    SCHEMA_VERSION,
    SIZE,
)

Tables = Mapping[str, pa.Table]

COMPARED: Final = {
    "documents": [DOC_ID, DUPLICATE_OF],
    "duplicates": [KIND],
    "quarantine": [RULE_ID],
    "withdrawn": [DOC_ID],
    "assignments": [DOC_ID, CLUSTER_ID, IS_NEW],
    "clusters": [CLUSTER_ID, SIZE],
}
"""What the tables are compared by."""

PLACES: Final = ("accepted", "duplicate", "quarantined", "withdrawn")
"""Where a row that was read can end, by the names of the counts."""

_SHOWN: Final = 3


class Problem(NamedTuple):
    """Something that does not add up."""

    rule: str
    said: str


def schema_problem(store: Store, name: str, ref: Ref) -> str | None:
    """Return how a table differs from its schema or its reference, if it does."""
    if ref.schema_version != SCHEMA_VERSION:
        return f"it has schema version {ref.schema_version}, and {SCHEMA_VERSION} is today's"
    if name not in PUBLISHED:
        return None
    with readable(store, ref), pq.ParquetFile(store.resolve(ref)) as file:
        rows, found = file.metadata.num_rows, {it.name: it.type for it in file.schema_arrow}
    may_lack = LATER.get(name, frozenset()) - found.keys()
    wrong = [
        it.name
        for it in PUBLISHED[name]
        if it.name not in may_lack and found.get(it.name) != it.type
    ]
    if wrong:
        return f"its columns {', '.join(wrong)} are missing or of another type"
    return None if rows == ref.rows else f"it has {rows} rows, and the manifest says {ref.rows}"


def compare_tables(counts: Mapping[str, int], tables: Tables) -> Iterator[Problem]:
    """Find what does not add up within a night: rows, ids, clusters.

    Parameters
    ----------
    counts
        Where the night's rows went, by `read` and the names of `PLACES`.
    tables
        Those that can be read, by name, with the columns of `COMPARED`.
    """
    for said in (*_lost_rows(counts, tables), *_lost_assignments(tables)):
        yield Problem("conservation", said)
    for name, column in (("documents", DOC_ID), ("assignments", DOC_ID), ("clusters", CLUSTER_ID)):
        twice = _repeated(tables[name][column]) if name in tables else []
        if twice:
            yield Problem("unique_ids", f"{column} {some(twice)} stands in {name} more than once")


def _lost_rows(counts: Mapping[str, int], tables: Tables) -> Iterator[str]:
    """Compare the counts with each other and with the tables."""
    read, parts = counts["read"], [counts[it] for it in PLACES]
    if read != sum(parts):
        summed = " + ".join(map(str, parts))
        yield f"read {read} is not {' + '.join(PLACES)}: {summed}"
    for name, count in zip(("duplicates", "quarantine", "withdrawn"), PLACES[1:], strict=True):
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
            yield f"documents {some(documents - new)} have no assignment"
        if new - documents:
            yield f"new assignments {some(new - documents)} have no document"
    if "clusters" in tables:
        sizes = Counter(assigned[CLUSTER_ID].to_pylist())
        said = dict(
            zip(*(tables["clusters"][it].to_pylist() for it in (CLUSTER_ID, SIZE)), strict=True)
        )
        wrong = {it for it in sizes.keys() | said.keys() if sizes.get(it) != said.get(it)}
        if wrong:
            yield f"clusters {some(wrong)} have not as many assignments as documents, or none"


def _repeated(ids: pa.ChunkedArray) -> list[str]:
    return [it for it, count in Counter(ids.to_pylist()).items() if count > 1]


def some(ids: Collection[str]) -> str:
    """Name a few ids, and how many there are."""
    shown = ", ".join(repr(it) for it in sorted(ids)[:_SHOWN])
    return shown if len(ids) <= _SHOWN else f"{shown} and {len(ids) - _SHOWN:,} more"
