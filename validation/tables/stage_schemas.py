"""Tables that stages hand to one another, and that are never published."""

from typing import Final

import pyarrow as pa

from validation.tables.columns import (
    CLUSTER_ID,
    CONFIDENCE,
    DOC_ID,
    END,
    FILE,
    IS_KNOWN,
    LABEL,
    MARGIN,
    N_LINES,
    NAME,
    NIGHT,
    POSITION,
    PROBLEM,
    PROBLEM_RULE,
    RAW,
    REUSED_ON,
    ROW,
    SOURCE,
    START,
    TEXT,
    TEXT_DIGEST,
    TIMESTAMP,
    TITLE,
    WITHDRAWN,
)
from validation.tables.schemas import DOCUMENTS

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

RAW_ITEMS: Final = pa.schema([*RAW_ROWS, pa.field(TEXT_DIGEST, pa.string())])
"""Raw rows of items that are no texts: their text is what was measured of them, in words, and the
digest that of what they are. What was measured besides follows; see `ItemRules`."""

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
