"""The names of columns, one spelling of each: every table asks here."""

from typing import Final

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
GROUP: Final = "group"
GROUP_ID: Final = "group_id"
FIRST_DOC_ID: Final = "first_doc_id"
SIMILARITY: Final = "similarity"

# contents
MEDIA_TYPE: Final = "media_type"
CONTENT: Final = "content"

# mentions
PASSAGE: Final = "passage"
START: Final = "start"
END: Final = "end"

# map
X_PLACE: Final = "x"
Y_PLACE: Final = "y"

# metrics
METRIC: Final = "metric"
SPACE: Final = "space"
VALUE: Final = "value"
BASELINE_VALUE: Final = "baseline_value"

# drift
MEASURE: Final = "measure"
LIMIT: Final = "limit"
IS_ALARM: Final = "is_alarm"

REMARKS: Final = "remarks"
"""The cluster of short remarks, every night: they are not clustered."""

THEME: Final = "theme"
