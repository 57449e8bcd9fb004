"""The column of documents that holds what is embedded of a mail, on the nights that cut any.

Reads  documents
Writes nothing
"""

from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.store.storage import Ref, Store, read_table, readable
from validation.tables.columns import CUT_TEXT

_MARK: Final = b"nightfold.cut"
"""In the metadata of our column: on an older night, a feed's own may have its name."""

CUT_FIELD: Final = pa.field(CUT_TEXT, pa.large_string(), metadata={_MARK: b"yes"})
"""Behind those of every document, on nights that cut mails; null where nothing was cut."""


def has_cut_texts(schema: pa.Schema) -> bool:
    """Return whether a table of documents has our column of cut texts."""
    if CUT_TEXT not in schema.names:
        return False
    return _MARK in (schema.field(CUT_TEXT).metadata or {})


def read_cut_texts(store: Store, documents: Ref) -> pa.ChunkedArray | None:
    """Read what is embedded of the documents that are cut; None where no mails were cut."""
    with readable(store, documents):
        schema = pq.read_schema(store.resolve(documents))
    if not has_cut_texts(schema):
        return None
    return read_table(store, documents, [CUT_TEXT])[CUT_TEXT]
