"""The tables of tonight's clusters: who is in them, what they are called, what became of them."""

from typing import Final

import pyarrow as pa

from validation.tables.columns import (
    CATEGORY,
    CLUSTER_ID,
    COHESION,
    CONFIDENCE,
    DOC_ID,
    END,
    EVENT,
    EXEMPLAR_DOC_IDS,
    EXEMPLAR_TEXTS,
    FIRST_DOC_ID,
    FIRST_SEEN,
    FROM_IDS,
    GROUP,
    GROUP_ID,
    GROWTH,
    IS_IGNORED,
    IS_NEW,
    IS_OUTLIER,
    KEYWORDS,
    KIND,
    LAST_SEEN,
    LEVEL,
    MARGIN,
    MENTIONS,
    NAME,
    NODE_ID,
    OVERLAP,
    PARENT_ID,
    PASSAGE,
    SHARE,
    SIMILARITY,
    SIZE,
    STABILITY,
    START,
    STATUS,
    TERM,
    TITLE,
    TO_IDS,
    TOPIC_ID,
    WATCH,
    X_PLACE,
    Y_PLACE,
)
from validation.tables.table import Table

ASSIGNMENTS: Final = pa.schema(
    [
        pa.field(DOC_ID, pa.string(), nullable=False),
        pa.field(CLUSTER_ID, pa.string(), nullable=False),
        pa.field(CONFIDENCE, pa.float32(), nullable=False),
        pa.field(MARGIN, pa.float32(), nullable=False),
        pa.field(IS_OUTLIER, pa.bool_(), nullable=False),
        pa.field(IS_NEW, pa.bool_(), nullable=False),
        pa.field(TOPIC_ID, pa.string()),  # null where clusters are the only level
        pa.field(GROUP, pa.string()),  # null where all documents are clustered together
    ]
)

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
        pa.field(TITLE, pa.string()),  # null where no language model gives any
        pa.field(GROUP, pa.string()),  # null where all documents are clustered together
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

MAP: Final = pa.schema(
    [
        pa.field(DOC_ID, pa.string(), nullable=False),
        pa.field(X_PLACE, pa.float32(), nullable=False),
        pa.field(Y_PLACE, pa.float32(), nullable=False),
    ]
)
"""No rows where the report is switched off."""

_GROUP: Final = "value of `[clustering] by`; null for short remarks and where it is not set"

CLUSTER_TABLES: Final = {
    "assignments": Table(
        ASSIGNMENTS,
        key=(DOC_ID,),
        later=frozenset({TOPIC_ID, GROUP}),
        remarks={GROUP: _GROUP},
        remark="every document of the window",
    ),
    "clusters": Table(
        CLUSTERS,
        key=(CLUSTER_ID,),
        later=frozenset(
            {
                *(SHARE, STABILITY, KIND, TOPIC_ID, EXEMPLAR_TEXTS),
                *(CATEGORY, IS_IGNORED, MENTIONS, TITLE, GROUP),
            }
        ),
        remarks={
            KIND: "`theme`, `remarks`",
            EXEMPLAR_TEXTS: "their beginnings",
            MENTIONS: "documents in it or with a passage in it",
            TITLE: "by a language model, null where none is set",
            GROUP: _GROUP,
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
        later=frozenset({TOPIC_ID, GROUP}),
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
    "map": Table(
        MAP,
        key=(DOC_ID,),
        is_later=True,
        remarks={X_PLACE: "on a plane, where near means alike"},
        remark="every document of the window, at the place of the last night where it had one and"
        " the model goes on; no rows where the report is switched off; [how](report.md#the-map)",
    ),
}
