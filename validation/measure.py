"""Measure rows, so that the checks need no texts and a night of any size fits in memory.

Reads  raw rows or documents, batch by batch
Writes slim frames: a row of measurements for each row read
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from validation.cells.hashed import hash_texts
from validation.cells.timestamps import parse_timestamps
from validation.cells.visible import VISIBLE, count_visible
from validation.cells.withdrawals import parse_withdrawals
from validation.tables.columns import (
    DOC_ID,
    DUPLICATE_OF,
    N_LINES,
    POSITION,
    PROBLEM,
    PROBLEM_RULE,
    REUSED_ON,
    TEXT,
    TEXT_DIGEST,
    TIMESTAMP,
    TITLE,
    WITHDRAWN,
)

HAS_ID: Final = "has_id"
HAS_TEXT: Final = "has_text"
HAS_DIGEST: Final = "has_digest"
N_ID_CHARS: Final = "n_id_chars"
TEXT_HASH: Final = "text_hash"
N_CHARS: Final = "n_chars"
N_VISIBLE_CHARS: Final = "n_visible_chars"
N_CONTROL: Final = "n_control"
CONTROL_SHARE: Final = "control_share"
LETTER_SHARE: Final = "letter_share"
N_REPLACEMENT: Final = "n_replacement"
PARSED_TIMESTAMP: Final = "parsed_timestamp"
UNPARSED_TIMESTAMP: Final = "unparsed_timestamp"
HAS_TIMESTAMP: Final = "has_timestamp"
UNPARSED_WITHDRAWN: Final = "unparsed_withdrawn"
IS_DUPLICATE: Final = "is_duplicate"
IS_REUSED: Final = "is_reused"

ROWS_AT_ONCE: Final = 1 << 17
"""Rows of a frame. With half as many the check of 400,000 rows takes 30 MB less, and a fifth more
time, for a run of a suite takes a tenth of a second to begin with."""

ROWS_OF_ONE: Final = 1 << 19
"""Rows of a frame that has one measurement."""

_BYTES_AT_ONCE: Final = 4_000_000
"""Of rows that are measured at once: counting characters takes tens of times their memory."""

_COUNTS: Final = [
    pa.field(N_CHARS, pa.int64()),
    pa.field(N_VISIBLE_CHARS, pa.int64()),
    pa.field(N_CONTROL, pa.int64()),
    pa.field(CONTROL_SHARE, pa.float64()),
    pa.field(LETTER_SHARE, pa.float64()),
    pa.field(N_REPLACEMENT, pa.int64()),
]
_RAW: Final = pa.schema(
    [
        pa.field(PROBLEM_RULE, pa.string()),
        pa.field(PROBLEM, pa.string()),
        pa.field(DOC_ID, pa.large_string()),
        pa.field(HAS_ID, pa.bool_()),
        pa.field(N_ID_CHARS, pa.int64()),
        pa.field(N_LINES, pa.int32()),
        pa.field(HAS_TEXT, pa.bool_()),
        pa.field(TEXT_HASH, pa.uint64()),
        *_COUNTS,
        pa.field(PARSED_TIMESTAMP, pa.timestamp("us", tz="UTC")),
        pa.field(UNPARSED_TIMESTAMP, pa.string()),
        pa.field(HAS_TIMESTAMP, pa.bool_()),
        pa.field(UNPARSED_WITHDRAWN, pa.string()),
    ]
)
_PREPARED: Final = pa.schema(
    [
        pa.field(POSITION, pa.int64()),
        pa.field(DOC_ID, pa.large_string()),
        pa.field(HAS_ID, pa.bool_()),
        pa.field(TEXT_DIGEST, pa.string()),
        pa.field(HAS_DIGEST, pa.bool_()),
        *_COUNTS,
        pa.field(TIMESTAMP, pa.timestamp("us", tz="UTC")),
        pa.field(IS_DUPLICATE, pa.bool_()),
        pa.field(IS_REUSED, pa.bool_()),
        pa.field(REUSED_ON, pa.string()),
    ]
)
RAW_READ: Final = [PROBLEM_RULE, PROBLEM, DOC_ID, TEXT, TITLE, TIMESTAMP, WITHDRAWN, N_LINES]
PREPARED_READ: Final = [POSITION, DOC_ID, TEXT, TEXT_DIGEST, TIMESTAMP, DUPLICATE_OF, REUSED_ON]
"""What is measured; the whole rows are most of a table's bytes, and need not be read for it."""

RAW_COLUMNS: Final = frozenset({POSITION, *_RAW.names})
PREPARED_COLUMNS: Final = frozenset(_PREPARED.names)

_CONTROL: Final = r"[\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x{9F}]"

_DIGEST: Final = r"^[0-9a-f]{64}\z"

_QUOTED_CHARS: Final = 60
_DTYPES: Final = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}


def measure_raw(
    batches: Iterable[pa.RecordBatch], measured: Sequence[pa.Field] = ()
) -> Iterator[pd.DataFrame]:
    """Measure the raw rows of a feed.

    Parameters
    ----------
    batches
        Raw rows in feed order, with the columns `RAW_READ`.
    measured
        Further columns, which were measured when the rows were read and come along.

    Yields
    ------
    Frames of at most `ROWS_AT_ONCE` rows and a batch, at least one, with the columns
    `RAW_COLUMNS`; positions are numbered from 0 over all of them. For a row that the reader gave up
    on (`problem_rule` is set) all else is null, so that no other rule reports it again; for a row
    that withdraws its document only the id is measured, since the rest is not needed. The title of
    a row without a text is its text.

    ``n_control`` counts C0 and C1 controls other than tab, line feed and carriage return;
    ``letter_share`` is letters of any script over visible characters; ``unparsed_timestamp`` and
    ``unparsed_withdrawn`` are the start of what could not be parsed.
    """
    first = 0
    schema = pa.schema([*_RAW, *measured])
    for frame in _frames(batches, partial(_measure_raw_batch, schema), schema):
        frame[HAS_TIMESTAMP] = frame[HAS_TIMESTAMP].astype("bool")
        frame.insert(0, POSITION, np.arange(first, first + len(frame), dtype=np.int64))
        first += len(frame)
        yield frame


def measure_prepared(batches: Iterable[pa.RecordBatch]) -> Iterator[pd.DataFrame]:
    """Measure prepared documents.

    Parameters
    ----------
    batches
        Documents, with the columns `PREPARED_READ`.

    Yields
    ------
    Frames as `measure_raw` does, with the columns `PREPARED_COLUMNS`.
    """
    yield from _frames(batches, _measure_prepared_batch, _PREPARED)


def _frames(
    batches: Iterable[pa.RecordBatch],
    measure: Callable[[pa.RecordBatch], pa.RecordBatch],
    schema: pa.Schema,
) -> Iterator[pd.DataFrame]:
    """Yield measured batches as frames, at least one."""
    measured: list[pa.RecordBatch] = []
    n_rows, is_first = 0, True
    for batch in batches:
        measured += map(measure, _slices(batch))
        n_rows += len(batch)
        if n_rows >= ROWS_AT_ONCE:
            yield _frame(measured, schema)
            measured, n_rows, is_first = [], 0, False
    if measured or is_first:
        yield _frame(measured, schema)


def _slices(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Yield a batch in slices, where its texts are long."""
    n_slices = max(1, -(-batch.nbytes // _BYTES_AT_ONCE))
    size = max(1, -(-len(batch) // n_slices))
    for first in range(0, len(batch), size):
        yield batch.slice(first, size)


def _frame(batches: list[pa.RecordBatch], schema: pa.Schema) -> pd.DataFrame:
    """Return measured batches as one frame."""
    table = pa.Table.from_batches(batches, schema=schema)
    frame: pd.DataFrame = table.to_pandas(types_mapper=_DTYPES.get)
    return frame


def _measure_raw_batch(schema: pa.Schema, batch: pa.RecordBatch) -> pa.RecordBatch:
    """Measure one batch of raw rows; columns of the schema that are measured already stay."""
    readable = pc.is_null(batch[PROBLEM_RULE])
    withdrawn = parse_withdrawals(batch[WITHDRAWN])
    is_withdrawn = pc.fill_null(withdrawn, False)
    text = pc.if_else(is_withdrawn, None, _text_or_title(batch))
    dates = _measure_dates(pc.if_else(is_withdrawn, None, batch[TIMESTAMP]))
    counts = _count(text)
    doc_id = stripped(batch[DOC_ID])
    has_text = pc.fill_null(pc.greater(counts[N_VISIBLE_CHARS], 0), False)
    is_item = TEXT_DIGEST in batch.schema.names
    columns = {
        **{name: batch[name] for name in schema.names if name in batch.schema.names},
        PROBLEM_RULE: batch[PROBLEM_RULE],
        PROBLEM: pc.if_else(readable, None, pc.fill_null(batch[PROBLEM], "the row is unreadable")),
        DOC_ID: doc_id,
        HAS_ID: pc.if_else(readable, pc.is_valid(doc_id), None),
        N_ID_CHARS: pc.utf8_length(doc_id),
        N_LINES: pc.fill_null(batch[N_LINES], 1),
        HAS_TEXT: pc.if_else(pc.and_(readable, pc.invert(is_withdrawn)), has_text, None),
        TEXT_HASH: hash_texts(batch[TITLE], batch[TEXT_DIGEST] if is_item else text),
        **counts,
        **dates,
        HAS_TIMESTAMP: pc.or_(dates[HAS_TIMESTAMP], is_withdrawn),
        UNPARSED_WITHDRAWN: pc.if_else(pc.is_null(withdrawn), _start(batch[WITHDRAWN]), None),
    }
    return _record_batch(columns, schema)


def _measure_prepared_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Measure one batch of documents."""
    doc_id = stripped(batch[DOC_ID])
    columns = {
        POSITION: batch[POSITION],
        DOC_ID: doc_id,
        HAS_ID: pc.is_valid(doc_id),
        TEXT_DIGEST: batch[TEXT_DIGEST],
        HAS_DIGEST: pc.match_substring_regex(batch[TEXT_DIGEST], _DIGEST),
        **_count(batch[TEXT].cast(pa.large_string())),
        TIMESTAMP: batch[TIMESTAMP],
        IS_DUPLICATE: pc.is_valid(batch[DUPLICATE_OF]),
        IS_REUSED: pc.is_valid(batch[REUSED_ON]),
        REUSED_ON: batch[REUSED_ON],
    }
    return _record_batch(columns, _PREPARED)


def _record_batch(columns: dict[str, pa.Array], schema: pa.Schema) -> pa.RecordBatch:
    """Return columns in the order and types of a schema."""
    return pa.record_batch([columns[field.name].cast(field.type) for field in schema], schema)


def stripped(values: pa.Array) -> pa.Array:
    """Return values without white space around them; a blank one becomes null."""
    bare = pc.utf8_trim_whitespace(values.cast(pa.large_string()))
    return pc.if_else(pc.equal(bare, ""), None, bare)


def _text_or_title(batch: pa.RecordBatch) -> pa.Array:
    """Return each row's text; its title where there is nothing to see in the text."""
    text, title = (batch[name].cast(pa.large_string()) for name in (TEXT, TITLE))
    has_text = pc.fill_null(pc.match_substring_regex(text, VISIBLE), False)
    return pc.if_else(has_text, text, pc.coalesce(title, text))


def _count(text: pa.Array) -> dict[str, pa.Array]:
    """Count the kinds of characters in each text."""
    n_chars = pc.utf8_length(text)
    n_visible, n_letters = count_visible(text)
    n_control = pc.count_substring_regex(text, _CONTROL)
    return {
        N_CHARS: n_chars,
        N_VISIBLE_CHARS: n_visible,
        N_CONTROL: n_control,
        CONTROL_SHARE: _share(n_control, n_chars),
        LETTER_SHARE: _share(n_letters, n_visible),
        N_REPLACEMENT: pc.count_substring(text, "\ufffd"),
    }


def _share(part: pa.Array, whole: pa.Array) -> pa.Array:
    """Divide counts; zero over zero is not a number, which a frame shows as null."""
    return pc.divide(pc.cast(part, pa.float64()), pc.cast(whole, pa.float64()))


def _measure_dates(values: pa.Array) -> dict[str, pa.Array]:
    """Parse the dates, and keep the start of what is not a date."""
    said = stripped(values)
    parsed = pa.array(parse_timestamps(said), pa.timestamp("us", tz="UTC"))
    is_unparsed = pc.and_(pc.is_valid(said), pc.is_null(parsed))
    return {
        PARSED_TIMESTAMP: parsed,
        UNPARSED_TIMESTAMP: pc.if_else(is_unparsed, _start(said), None),
        HAS_TIMESTAMP: pc.is_valid(said),
    }


def _start(values: pa.Array) -> pa.Array:
    """Return the part of a value that messages quote."""
    return pc.utf8_slice_codeunits(values, 0, _QUOTED_CHARS)
