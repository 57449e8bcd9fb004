"""What must add up within a night: its rows, its ids, its clusters; for publish and for doctor."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tasks.preparing.counts import PLACES
from tasks.store.storage import Ref, Store, read_table, readable
from validation.tables.columns import (
    CLUSTER_ID,
    DOC_ID,
    DUPLICATE_OF,
    END,
    IS_NEW,
    KIND,
    NODE_ID,
    PARENT_ID,
    RULE_ID,
    SIZE,
    START,
)
from validation.tables.schemas import PUBLISHED, SCHEMA_VERSION

Tables = Mapping[str, pa.Table]

_SUMMED: Final[Mapping[str, Sequence[str]]] = {
    "documents": [DUPLICATE_OF],
    "duplicates": [KIND],
    "quarantine": [RULE_ID],
    "withdrawn": [DOC_ID],
    "assignments": [CLUSTER_ID, IS_NEW],
    "clusters": [SIZE],
    "cluster_tree": [PARENT_ID, SIZE],
    "mentions": [DOC_ID, START, END, CLUSTER_ID],
}
"""What the rules below need of a table besides its key."""

COMPARED: Final = {
    name: [*table.key, *_SUMMED.get(name, ())]
    for name, table in PUBLISHED.items()
    if table.key or name in _SUMMED
}
"""Table → the columns that it is compared by."""

_ROWS_OF: Final[Mapping[str, Sequence[str]]] = {
    "duplicates": ["duplicate"],
    "quarantine": ["quarantined", "without_text"],
    "withdrawn": ["withdrawn", "replaced"],
}
"""Table → the counts of its rows."""

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
    if wrong := PUBLISHED[name].wrong_columns(found):
        return f"its columns {', '.join(wrong)} are missing or of another type"
    return None if rows == ref.rows else f"it has {rows} rows, and the manifest says {ref.rows}"


def read_compared(store: Store, name: str, ref: Ref) -> pa.Table:
    """Read what a table is compared by; a night from before a column of the key lacks it."""
    with readable(store, ref):
        found = frozenset(pq.read_schema(store.resolve(ref)).names)
    lacking = PUBLISHED[name].later - found
    return read_table(store, ref, [it for it in COMPARED[name] if it not in lacking])


def compare_tables(counts: Mapping[str, int], tables: Tables) -> Iterator[Problem]:
    """Find what does not add up within a night: rows, ids, clusters.

    Parameters
    ----------
    counts
        Where the night's rows went, by `read` and the names of `PLACES`.
    tables
        Those that can be read, by name, with the columns of `COMPARED`.
    """
    lost = (_lost_rows(counts, tables), _lost_assignments(tables), _lost_nodes(tables))
    for said in chain(*lost, _lost_mentions(tables)):
        yield Problem("conservation", said)
    for name, table in tables.items():
        key = [it for it in PUBLISHED[name].key if it in table.column_names]
        if twice := _repeated([table[column] for column in key]):
            said = f"{', '.join(key)} {some(twice)} stands in {name} more than once"
            yield Problem("unique_ids", said)


def _lost_rows(counts: Mapping[str, int], tables: Tables) -> Iterator[str]:
    """Compare the counts with each other and with the tables."""
    read, parts = counts["read"], [counts[it] for it in PLACES]
    if read != sum(parts):
        summed = " + ".join(map(str, parts))
        yield f"read {read} is not {' + '.join(PLACES)}: {summed}"
    for name, places in _ROWS_OF.items():
        count = sum(counts[place] for place in places)
        if name in tables and tables[name].num_rows != count:
            said = " + ".join(places)
            yield f"{said} is {count}, and {name} has {tables[name].num_rows} rows"
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
        if wrong := _differing(sizes, said):
            yield f"clusters {some(wrong)} have not as many assignments as documents, or none"


def _lost_nodes(tables: Tables) -> Iterator[str]:
    """Compare the tree with the clusters in it, and its topics with what is under them."""
    if "cluster_tree" not in tables:
        return
    rows = tables["cluster_tree"].to_pylist()
    sizes: dict[str, int] = {row[NODE_ID]: row[SIZE] for row in rows}
    topics: Counter[str] = Counter()
    for row in rows:
        if row[PARENT_ID] is not None:
            topics[row[PARENT_ID]] += row[SIZE]
    if wrong := {it for it, size in topics.items() if sizes.get(it) != size}:
        yield f"topics {some(wrong)} have not as many documents as the clusters under them"
    if "clusters" not in tables:
        return
    leaves = {it: size for it, size in sizes.items() if it not in topics}
    columns = (tables["clusters"][it].to_pylist() for it in (CLUSTER_ID, SIZE))
    if wrong := _differing(leaves, dict(zip(*columns, strict=True))):
        yield f"clusters {some(wrong)} are of another size in cluster_tree, or only in one of both"


def _differing(these: Mapping[str, int], those: Mapping[str, int]) -> set[str]:
    """Find the ids that do not have the same number on both sides."""
    return {it for it in these.keys() | those.keys() if these.get(it) != those.get(it)}


def _lost_mentions(tables: Tables) -> Iterator[str]:
    """Compare the passages with the documents and clusters that they are of, and each other."""
    if "mentions" not in tables:
        return
    mentions = tables["mentions"]
    if "assignments" in tables:
        there, assigned = _ids_of(mentions, DOC_ID), _ids_of(tables["assignments"], DOC_ID)
        if assigned - there:
            yield f"assigned documents {some(assigned - there)} have no mentions"
        if there - assigned:
            yield f"mentions of {some(there - assigned)} have no assignment"
        clusters = _ids_of(tables["assignments"], CLUSTER_ID)
        if unknown := _ids_of(mentions, CLUSTER_ID) - clusters:
            yield f"mentions name clusters {some(unknown)}, which have no documents"
    if overlapping := _overlapping(mentions):
        yield f"documents {some(overlapping)} have passages that overlap"


def _ids_of(table: pa.Table, column: str) -> set[str]:
    return set(pc.unique(table[column]).to_pylist())


def _overlapping(mentions: pa.Table) -> set[str]:
    """Find the documents of which a passage begins before the one before it ends."""
    placed = mentions.filter(pc.is_valid(mentions[START]))
    placed = placed.sort_by([(DOC_ID, "ascending"), (START, "ascending")])
    before, after = placed.slice(0, max(len(placed) - 1, 0)), placed.slice(1)
    is_same = pc.equal(before[DOC_ID], after[DOC_ID])
    is_wrong = pc.and_(is_same, pc.less(after[START], before[END]))
    return set(after[DOC_ID].filter(is_wrong).to_pylist())


def _repeated(key: Sequence[pa.ChunkedArray]) -> list[str]:
    """Find the values of a key that several rows have."""
    rows = Counter(zip(*(column.to_pylist() for column in key), strict=True))
    return [", ".join(map(str, row)) for row, count in rows.items() if count > 1]


def some(ids: Collection[str]) -> str:
    """Name a few ids, and how many there are."""
    shown = ", ".join(repr(it) for it in sorted(ids)[:_SHOWN])
    return shown if len(ids) <= _SHOWN else f"{shown} and {len(ids) - _SHOWN:,} more"
