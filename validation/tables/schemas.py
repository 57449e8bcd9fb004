"""The tables of a night, and the version of their schemas; what is not here is in the files beside.

Reads nothing, writes nothing: a stage asks here for the schema of what it is about to write.
"""

from typing import Final

import pyarrow as pa

from validation.tables.cluster_schemas import CLUSTER_TABLES
from validation.tables.columns import (
    BASELINE_VALUE,
    CONTENT,
    DOC_ID,
    DUPLICATE_OF,
    EMBEDDING,
    FILE,
    FIRST_NIGHT,
    GROUP,
    IS_ALARM,
    IS_TRUNCATED,
    KIND,
    LABEL,
    LIMIT,
    MEASURE,
    MEDIA_TYPE,
    METRIC,
    RAW,
    REASON,
    ROW,
    RULE_ID,
    SEVERITY,
    SOURCE,
    SPACE,
    TEXT,
    TEXT_DIGEST,
    TIMESTAMP,
    TITLE,
    VALUE,
)
from validation.tables.insight_schemas import INSIGHT_TABLES
from validation.tables.table import Table

SCHEMA_VERSION: Final = 1
"""Raised when a column of a published table changes its name, its type or its meaning."""


DOCUMENTS: Final = pa.schema(
    [
        pa.field(DOC_ID, pa.string(), nullable=False),
        pa.field(TEXT, pa.large_string(), nullable=False),
        pa.field(TEXT_DIGEST, pa.string(), nullable=False),
        pa.field(TIMESTAMP, pa.timestamp("us", tz="UTC")),
        pa.field(SOURCE, pa.string(), nullable=False),
        pa.field(TITLE, pa.string()),
        pa.field(LABEL, pa.string()),  # used to score, never to cluster
        pa.field(DUPLICATE_OF, pa.string()),  # doc_id of the first document with this text
        pa.field(IS_TRUNCATED, pa.bool_(), nullable=False),
    ]
)
"""Tonight's documents; the feed's own columns follow these, see `tasks.preparing.columns`."""


DUPLICATES: Final = pa.schema(
    [
        pa.field(FILE, pa.string(), nullable=False),
        pa.field(ROW, pa.int64(), nullable=False),
        pa.field(DOC_ID, pa.string(), nullable=False),
        pa.field(DUPLICATE_OF, pa.string(), nullable=False),
        pa.field(KIND, pa.string(), nullable=False),  # what is known: see `docs/glossary.md`
        pa.field(FIRST_NIGHT, pa.string(), nullable=False),
    ]
)

QUARANTINE: Final = pa.schema(
    [
        pa.field(FILE, pa.string(), nullable=False),
        pa.field(ROW, pa.int64(), nullable=False),
        pa.field(RULE_ID, pa.string(), nullable=False),
        pa.field(SEVERITY, pa.string(), nullable=False),
        pa.field(REASON, pa.string(), nullable=False),
        pa.field(RAW, pa.large_string(), nullable=False),
    ]
)

WITHDRAWALS: Final = pa.schema(
    [
        pa.field(FILE, pa.string(), nullable=False),
        pa.field(ROW, pa.int64(), nullable=False),
        pa.field(DOC_ID, pa.string(), nullable=False),
        # known: a document that leaves tonight; unknown: there was none; repeat: withdrawn
        # before; held_back: a row with a text under an id that tonight's feed withdraws;
        # replaced: a document whose id has another text now
        pa.field(KIND, pa.string(), nullable=False),
        pa.field(FIRST_NIGHT, pa.string()),  # of the document, or of the first withdrawal
    ]
)


METRICS: Final = pa.schema(
    [
        pa.field(METRIC, pa.string(), nullable=False),
        pa.field(SPACE, pa.string(), nullable=False),
        pa.field(VALUE, pa.float64()),  # null where it is not defined, for instance for one cluster
        pa.field(BASELINE_VALUE, pa.float64()),
        pa.field(GROUP, pa.string()),
    ]
)

DRIFT: Final = pa.schema(
    [
        pa.field(MEASURE, pa.string(), nullable=False),
        pa.field(VALUE, pa.float64(), nullable=False),
        pa.field(LIMIT, pa.float64(), nullable=False),
        pa.field(IS_ALARM, pa.bool_(), nullable=False),
        pa.field(GROUP, pa.string()),
    ]
)
"""No rows where there was no earlier fit to compare with."""


CONTENTS: Final = pa.schema(
    [
        pa.field(TEXT_DIGEST, pa.string(), nullable=False),
        pa.field(MEDIA_TYPE, pa.string(), nullable=False),
        pa.field(CONTENT, pa.large_binary(), nullable=False),
    ]
)
"""What tonight's documents are, where they are no texts: as it was prepared, under its digest."""


_SPACES: Final = "embedding, latent, keywords, sizes, truth"
_WITHDRAWN: Final = "`known`, `unknown`, `repeat`, `held_back`, `replaced`"

_GROUP: Final = "value of `[clustering] by`; null where it is not set"

PUBLISHED: Final = {
    "documents": Table(
        DOCUMENTS,
        key=(DOC_ID,),
        remarks={TIMESTAMP: "UTC"},
        remark="then the feed's other columns, each of one type over all nights (below)",
    ),
    "duplicates": Table(DUPLICATES, remarks={KIND: "`same_row`, `same_text`, `kept`"}),
    "quarantine": Table(QUARANTINE, remarks={RAW: "the row as it came"}),
    "withdrawn": Table(WITHDRAWALS, is_later=True, remarks={KIND: _WITHDRAWN}),
    **CLUSTER_TABLES,
    "metrics": Table(
        METRICS,
        key=(METRIC, SPACE, GROUP),
        later=frozenset({GROUP}),
        remarks={SPACE: _SPACES, BASELINE_VALUE: "plain k-means", GROUP: _GROUP},
    ),
    "drift": Table(
        DRIFT,
        key=(MEASURE, GROUP),
        later=frozenset({GROUP}),
        is_later=True,
        remarks={GROUP: _GROUP},
        remark="against the last full fit; no rows on the first night",
    ),
    **INSIGHT_TABLES,
    "contents": Table(
        CONTENTS,
        key=(TEXT_DIGEST,),
        is_later=True,
        is_of_items=True,
        remarks={CONTENT: "an image as PNG, a series as NPY"},
        remark="of nights whose documents are no texts",
    ),
}
"""Every table of a night by its name. A new one needs nothing but its line here and the stage whose
result carries it; see `Table` for what older nights may lack."""

EVERY_NIGHT: Final = tuple(name for name, table in PUBLISHED.items() if not table.is_of_items)
"""The tables that tonight has, whatever its documents are."""


def embeddings(embedding_dim: int) -> pa.Schema:
    """Return the schema of the embedding store for vectors of one width."""
    return pa.schema(
        [
            pa.field(TEXT_DIGEST, pa.string(), nullable=False),
            pa.field(EMBEDDING, pa.list_(pa.float32(), embedding_dim), nullable=False),
        ]
    )
