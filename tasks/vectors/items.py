"""The window, read once a night: its distinct texts, and the documents that have them.

Reads  documents of the window's nights
Writes texts (WINDOW_TEXTS): the distinct texts as they are embedded, by first appearance
       documents (WINDOW_DOCUMENTS): the documents in order, each with the position of its text
"""

from collections.abc import Iterable
from datetime import date
from itertools import count
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict

from tasks.preparing.texts.cleaning import embedded_text
from tasks.preparing.texts.cut_column import read_cut_texts
from tasks.store.history import NightTable
from tasks.store.storage import Ref, Store, keep_table, read_table, read_tables
from validation.tables.columns import DOC_ID, LABEL, NIGHT, POSITION, TEXT, TEXT_DIGEST, TITLE
from validation.tables.schemas import DOCUMENTS
from validation.tables.stage_schemas import WINDOW_DOCUMENTS, WINDOW_TEXTS


class WindowRef(BaseModel):
    """The window's texts and documents, for all stages that need them."""

    model_config = ConfigDict(frozen=True)

    texts: Ref
    documents: Ref


class Remarks(BaseModel):
    """The short remarks of the window: their texts and documents, and the vectors of the texts."""

    model_config = ConfigDict(frozen=True)

    window: WindowRef
    items: Ref


class Window(NamedTuple):
    """The window's texts and documents, with the schemas `WINDOW_TEXTS` and `WINDOW_DOCUMENTS`."""

    texts: pa.Table
    documents: pa.Table


class NightItems(NamedTuple):
    """What one night brings into the window."""

    night: date
    texts: dict[str, str]
    """Digest → text, by first appearance in the night."""
    documents: pa.Table
    """Id, digest of the text and true label."""


def read_night(store: Store, night: NightTable) -> NightItems:
    """Read the documents of one night."""
    columns = [DOC_ID, TEXT_DIGEST, TITLE, TEXT, LABEL]
    table = read_tables(store, [night.table], columns, DOCUMENTS)
    cut = read_cut_texts(store, night.table)
    bodies = table[TEXT] if cut is None else pc.coalesce(cut, table[TEXT])
    parts = (table[TEXT_DIGEST], table[TITLE], bodies)
    rows = zip(*(part.to_pylist() for part in parts), strict=True)
    texts = {digest: embedded_text(title, text) for digest, title, text in rows}
    return NightItems(night.night, texts, table.select([DOC_ID, TEXT_DIGEST, LABEL]))


def keep_window(store: Store, window: Window) -> WindowRef:
    """Keep what `lay_out_window` made."""
    texts, documents = (keep_table(store, "embed", table) for table in window)
    return WindowRef(texts=texts, documents=documents)


def read_window(store: Store, ref: WindowRef) -> Window:
    """Read what `lay_out_window` made."""
    return Window(read_table(store, ref.texts), read_table(store, ref.documents))


def lay_out_window(nights: Iterable[NightItems]) -> Window:
    """Put the nights together: texts by their first appearance, documents beside their texts."""
    place: dict[str, int] = {}
    texts, documents = [WINDOW_TEXTS.empty_table()], [WINDOW_DOCUMENTS.empty_table()]
    for night in nights:
        new = {digest: text for digest, text in night.texts.items() if digest not in place}
        place |= zip(new, count(len(place)), strict=False)
        came = pa.array([night.night] * len(new), pa.date32())
        columns = {TEXT_DIGEST: list(new), TEXT: list(new.values()), NIGHT: came}
        texts.append(pa.table(columns, schema=WINDOW_TEXTS))
        given = night.documents
        positions = [place[digest] for digest in given[TEXT_DIGEST].to_pylist()]
        dated = given.drop_columns(TEXT_DIGEST).append_column(POSITION, pa.array(positions))
        dated = dated.append_column(NIGHT, pa.array([night.night] * len(given), pa.date32()))
        documents.append(dated.select(WINDOW_DOCUMENTS.names).cast(WINDOW_DOCUMENTS))
    return Window(pa.concat_tables(texts), pa.concat_tables(documents))
