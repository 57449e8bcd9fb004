"""Every table that nightfold writes: the one spelling of its columns, and its version.

Reads nothing, writes nothing: a stage asks here for the schema of what it is about to write.
"""

from typing import Final

import pyarrow as pa

from validation.insight_schemas import INSIGHT_TABLES
from validation.table import Table

SCHEMA_VERSION: Final = 1
"""Raised when a column of a published table changes its name, its type or its meaning."""

# documents
DOC_ID: Final = "doc_id"
TEXT: Final = "text"
TEXT_DIGEST: Final = "text_digest"
CUT_TEXT: Final = "cut_text"
TIMESTAMP: Final = "timestamp"
SOURCE: Final = "source"
TITLE: Final = "title"
DUPLICATE_OF: Final = "duplicate_of"
IS_TRUNCATED: Final = "is_truncated"
LABEL: Final = "label"

# raw rows, quarantine, duplicates
FILE: Final = "file"
ROW: Final = "row"
RAW: Final = "raw"
N_LINES: Final = "n_lines"
PROBLEM_RULE: Final = "problem_rule"
PROBLEM: Final = "problem"
RULE_ID: Final = "rule_id"
SEVERITY: Final = "severity"
REASON: Final = "reason"
KIND: Final = "kind"
FIRST_NIGHT: Final = "first_night"
WITHDRAWN: Final = "withdrawn"

# stage files that are never published
POSITION: Final = "position"
REUSED_ON: Final = "reused_on"
NIGHT: Final = "night"

# embeddings
EMBEDDING: Final = "embedding"
LEXICAL: Final = "lexical"
LATENT: Final = "latent"

# assignments, clusters, cluster_events
CLUSTER_ID: Final = "cluster_id"
CONFIDENCE: Final = "confidence"
MARGIN: Final = "margin"
IS_OUTLIER: Final = "is_outlier"
IS_NEW: Final = "is_new"
IS_KNOWN: Final = "is_known"
NAME: Final = "name"
KEYWORDS: Final = "keywords"
SIZE: Final = "size"
SHARE: Final = "share"
GROWTH: Final = "growth"
COHESION: Final = "cohesion"
STABILITY: Final = "stability"
EXEMPLAR_DOC_IDS: Final = "exemplar_doc_ids"
EXEMPLAR_TEXTS: Final = "exemplar_texts"
TOPIC_ID: Final = "topic_id"
TOPIC: Final = "topic"
NODE_ID: Final = "node_id"
PARENT_ID: Final = "parent_id"
LEVEL: Final = "level"
FIRST_SEEN: Final = "first_seen"
LAST_SEEN: Final = "last_seen"
STATUS: Final = "status"
CATEGORY: Final = "category"
IS_IGNORED: Final = "is_ignored"
MENTIONS: Final = "mentions"
EVENT: Final = "event"
FROM_IDS: Final = "from_ids"
TO_IDS: Final = "to_ids"
OVERLAP: Final = "overlap"

# watches
WATCH: Final = "watch"
TERM: Final = "term"

# near_duplicates
GROUP_ID: Final = "group_id"
FIRST_DOC_ID: Final = "first_doc_id"
SIMILARITY: Final = "similarity"
# mentions
PASSAGE: Final = "passage"
START: Final = "start"
END: Final = "end"

# metrics
METRIC: Final = "metric"
SPACE: Final = "space"
VALUE: Final = "value"
BASELINE_VALUE: Final = "baseline_value"

# drift
MEASURE: Final = "measure"
LIMIT: Final = "limit"
IS_ALARM: Final = "is_alarm"

RAW_ROWS: Final = pa.schema(
    [
        pa.field(FILE, pa.string(), nullable=False),
        # 1-based: line, record or row number in its file
        pa.field(ROW, pa.int64(), nullable=False),
        pa.field(DOC_ID, pa.string()),
        pa.field(TEXT, pa.large_string()),
        # as it came, or in ISO 8601 where the config says how it came; parsed by the check
        pa.field(TIMESTAMP, pa.string()),
        pa.field(SOURCE, pa.string()),
        pa.field(TITLE, pa.string()),
        pa.field(LABEL, pa.string()),
        pa.field(WITHDRAWN, pa.string()),  # as it came: yes, no, or since when
        # the whole row as JSON, or the broken line
        pa.field(RAW, pa.large_string(), nullable=False),
        pa.field(N_LINES, pa.int32()),  # lines of its file that the row covers; null is one
        pa.field(PROBLEM_RULE, pa.string()),  # set by the reader: row_parses or text_decodes
        pa.field(PROBLEM, pa.string()),  # why the reader could not make a row of it
    ]
)
"""What ingest hands over; a row that could not be read is here too, with its problem."""

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

CANDIDATES: Final = pa.schema(
    [
        pa.field(POSITION, pa.int64(), nullable=False),  # among all rows read, from 0
        pa.field(REUSED_ON, pa.string()),  # night whose document has this id and another text
        *DOCUMENTS,
    ]
)
"""Documents before their check."""

WINDOW_TEXTS: Final = pa.schema(
    [
        pa.field(TEXT_DIGEST, pa.string(), nullable=False),
        pa.field(TEXT, pa.large_string(), nullable=False),  # as it is embedded, title and all
        pa.field(NIGHT, pa.date32(), nullable=False),  # on which it came up first in the window
    ]
)
"""The window's distinct texts, by first appearance."""

WINDOW_DOCUMENTS: Final = pa.schema(
    [
        pa.field(DOC_ID, pa.string(), nullable=False),
        pa.field(POSITION, pa.int64(), nullable=False),  # of its text among the window's texts
        pa.field(NIGHT, pa.date32(), nullable=False),
        pa.field(LABEL, pa.string()),
    ]
)
"""The window's documents, oldest night first."""

PASSAGES: Final = pa.schema(
    [
        pa.field(POSITION, pa.int64(), nullable=False),  # of its text among the window's texts
        pa.field(START, pa.int64(), nullable=False),  # in what follows the title
        pa.field(END, pa.int64(), nullable=False),
        pa.field(TEXT, pa.large_string(), nullable=False),
        pa.field(TEXT_DIGEST, pa.string(), nullable=False),
        pa.field(NIGHT, pa.date32(), nullable=False),  # of the text
    ]
)
"""The passages of those of the window's texts that have several, text by text."""

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

ASSIGNMENTS: Final = pa.schema(
    [
        pa.field(DOC_ID, pa.string(), nullable=False),
        pa.field(CLUSTER_ID, pa.string(), nullable=False),
        pa.field(CONFIDENCE, pa.float32(), nullable=False),
        pa.field(MARGIN, pa.float32(), nullable=False),
        pa.field(IS_OUTLIER, pa.bool_(), nullable=False),
        pa.field(IS_NEW, pa.bool_(), nullable=False),
        pa.field(TOPIC_ID, pa.string()),  # null where clusters are the only level
    ]
)

REMARKS: Final = "remarks"
"""The cluster of short remarks, every night: they are not clustered."""

THEME: Final = "theme"

CLUSTERS: Final = pa.schema(
    [
        pa.field(CLUSTER_ID, pa.string(), nullable=False),
        pa.field(NAME, pa.string(), nullable=False),
        pa.field(KEYWORDS, pa.list_(pa.string()), nullable=False),
        pa.field(SIZE, pa.int64(), nullable=False),
        pa.field(SHARE, pa.float32(), nullable=False),  # of the window's documents
        pa.field(GROWTH, pa.int64(), nullable=False),  # documents more than on the last night
        pa.field(COHESION, pa.float32(), nullable=False),
        pa.field(STABILITY, pa.float32()),  # null where no resample of the texts holds one of it
        pa.field(EXEMPLAR_DOC_IDS, pa.list_(pa.string()), nullable=False),
        pa.field(FIRST_SEEN, pa.string(), nullable=False),
        pa.field(LAST_SEEN, pa.string(), nullable=False),
        pa.field(STATUS, pa.string(), nullable=False),
        pa.field(KIND, pa.string()),
        pa.field(TOPIC_ID, pa.string()),  # null where clusters are the only level
        pa.field(EXEMPLAR_TEXTS, pa.list_(pa.string())),
        pa.field(CATEGORY, pa.string()),  # set by curation
        pa.field(IS_IGNORED, pa.bool_()),  # set by curation; null where there is none
        pa.field(MENTIONS, pa.int64()),  # documents in it, or with a passage in it
    ]
)

MENTIONED: Final = pa.schema(
    [
        pa.field(DOC_ID, pa.string(), nullable=False),
        pa.field(PASSAGE, pa.large_string(), nullable=False),
        # null in a mail where lines were cut out from within the passage
        pa.field(START, pa.int64()),
        pa.field(END, pa.int64()),
        pa.field(CLUSTER_ID, pa.string(), nullable=False),
        pa.field(CONFIDENCE, pa.float32(), nullable=False),
    ]
)

CLUSTER_TREE: Final = pa.schema(
    [
        pa.field(NODE_ID, pa.string(), nullable=False),
        pa.field(PARENT_ID, pa.string()),
        pa.field(LEVEL, pa.string(), nullable=False),
        pa.field(NAME, pa.string(), nullable=False),
        pa.field(SIZE, pa.int64(), nullable=False),
    ]
)
"""Topics, the clusters under them, and the clusters that are under none."""

CLUSTER_EVENTS: Final = pa.schema(
    [
        pa.field(EVENT, pa.string(), nullable=False),
        pa.field(CLUSTER_ID, pa.string(), nullable=False),
        pa.field(FROM_IDS, pa.list_(pa.string()), nullable=False),
        pa.field(TO_IDS, pa.list_(pa.string()), nullable=False),
        pa.field(OVERLAP, pa.float32()),
    ]
)

WATCHES: Final = pa.schema(
    [
        pa.field(WATCH, pa.string(), nullable=False),
        pa.field(DOC_ID, pa.string(), nullable=False),
        pa.field(CLUSTER_ID, pa.string(), nullable=False),
        pa.field(IS_NEW, pa.bool_(), nullable=False),
        pa.field(TERM, pa.string(), nullable=False),  # the first of the watch that it holds
    ]
)
"""No rows where nothing is watched."""

NEAR_DUPLICATES: Final = pa.schema(
    [
        pa.field(DOC_ID, pa.string(), nullable=False),
        pa.field(CLUSTER_ID, pa.string(), nullable=False),
        pa.field(GROUP_ID, pa.string(), nullable=False),
        pa.field(FIRST_DOC_ID, pa.string(), nullable=False),
        pa.field(SIMILARITY, pa.float32(), nullable=False),  # to the text of the first document
        pa.field(IS_NEW, pa.bool_(), nullable=False),
    ]
)

METRICS: Final = pa.schema(
    [
        pa.field(METRIC, pa.string(), nullable=False),
        pa.field(SPACE, pa.string(), nullable=False),
        pa.field(VALUE, pa.float64()),  # null where it is not defined, for instance for one cluster
        pa.field(BASELINE_VALUE, pa.float64()),
    ]
)

DRIFT: Final = pa.schema(
    [
        pa.field(MEASURE, pa.string(), nullable=False),
        pa.field(VALUE, pa.float64(), nullable=False),
        pa.field(LIMIT, pa.float64(), nullable=False),
        pa.field(IS_ALARM, pa.bool_(), nullable=False),
    ]
)
"""No rows where there was no earlier fit to compare with."""

PLACEMENTS: Final = pa.schema(
    [
        pa.field(DOC_ID, pa.string(), nullable=False),
        pa.field(CLUSTER_ID, pa.string(), nullable=False),
        pa.field(NAME, pa.string(), nullable=False),
        pa.field(CONFIDENCE, pa.float32(), nullable=False),
        pa.field(MARGIN, pa.float32(), nullable=False),
        pa.field(IS_KNOWN, pa.bool_(), nullable=False),  # its text was clustered that night
    ]
)
"""What `nightfold assign` writes; never part of a store."""

_SPACES: Final = "embedding, latent, keywords, sizes, truth"
_WITHDRAWN: Final = "`known`, `unknown`, `repeat`, `held_back`, `replaced`"

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
    "assignments": Table(
        ASSIGNMENTS,
        key=(DOC_ID,),
        later=frozenset({TOPIC_ID}),
        remark="every document of the window",
    ),
    "clusters": Table(
        CLUSTERS,
        key=(CLUSTER_ID,),
        later=frozenset(
            {SHARE, STABILITY, KIND, TOPIC_ID, EXEMPLAR_TEXTS, CATEGORY, IS_IGNORED, MENTIONS}
        ),
        remarks={
            KIND: "`theme`, `remarks`",
            EXEMPLAR_TEXTS: "their beginnings",
            MENTIONS: "documents in it or with a passage in it",
        },
    ),
    "mentions": Table(
        MENTIONED,
        is_later=True,
        remarks={
            START: "passage is `text[start:end]` of its document, counted in characters",
            END: "both null in a mail where lines were cut out within the passage",
        },
        remark="every passage of every document of the window",
    ),
    "cluster_tree": Table(
        CLUSTER_TREE,
        key=(NODE_ID,),
        is_later=True,
        remarks={LEVEL: "`topic`, `theme`, `remarks`"},
        remark="a topic and the clusters under it",
    ),
    "found_assignments": Table(
        ASSIGNMENTS,
        key=(DOC_ID,),
        later=frozenset({TOPIC_ID}),
        is_later=True,
        remark="`assignments` as they were before curation; no rows where it moves no document",
    ),
    "cluster_events": Table(
        CLUSTER_EVENTS,
        remarks={
            EVENT: "born, survived, grown, shrunk, split, merged, vanished, returned, renamed"
        },
    ),
    "watches": Table(
        WATCHES,
        key=(WATCH, DOC_ID),
        is_later=True,
        remarks={TERM: "the first of the watch that the document holds"},
        remark="every document of the window that a `[[watch]]` finds",
    ),
    "near_duplicates": Table(
        NEAR_DUPLICATES,
        key=(DOC_ID,),
        is_later=True,
        remarks={SIMILARITY: "to the text of the first document, 1 for that text"},
        remark="documents of the window whose text of five words or more others have, but for a"
        " few words",
    ),
    "metrics": Table(
        METRICS,
        key=(METRIC, SPACE),
        remarks={SPACE: _SPACES, BASELINE_VALUE: "plain k-means"},
    ),
    "drift": Table(
        DRIFT,
        key=(MEASURE,),
        is_later=True,
        remark="against the last full fit; no rows on the first night",
    ),
    **INSIGHT_TABLES,
}
"""Every table of a night by its name. A new one needs nothing but its line here and the stage whose
result carries it; see `Table` for what older nights may lack."""


def embeddings(embedding_dim: int) -> pa.Schema:
    """Return the schema of the embedding store for vectors of one width."""
    return pa.schema(
        [
            pa.field(TEXT_DIGEST, pa.string(), nullable=False),
            pa.field(EMBEDDING, pa.list_(pa.float32(), embedding_dim), nullable=False),
        ]
    )
