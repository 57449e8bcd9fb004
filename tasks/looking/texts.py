"""The texts of a published night's window, as they were embedded.

Reads  a night's manifest, the documents of its window, its assignments and clusters
Writes nothing
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from tasks.operating.placing import read_published
from tasks.store.history import NightTable, read_history
from tasks.store.manifests import Manifest
from tasks.store.storage import Store, read_table
from tasks.vectors.items import read_night
from validation.errors import BAD_USAGE, NightfoldError
from validation.tables.columns import CLUSTER_ID, DOC_ID, TEXT, TEXT_DIGEST

Row = dict[str, Any]


class NotThereError(NightfoldError, ValueError):
    """A document or a cluster that no night has; the message says where to look for it."""

    exit_code = BAD_USAGE


@dataclass(frozen=True)
class WindowTexts:
    """The documents of a window.

    Parameters
    ----------
    digest_of
        doc_id → digest of its text.
    text_of
        Digest → text as it was embedded, with the title before it.
    """

    digest_of: dict[str, str]
    text_of: dict[str, str]

    def text(self, doc_id: str) -> str:
        """Return the text of a document."""
        return self.text_of[self.digest_of[doc_id]]


def window_tables(store: Store, manifest: Manifest) -> list[NightTable]:
    """Return the documents of the nights of a window, oldest first, tonight's last."""
    past = read_history(store).documents_within(
        store, manifest.window_days, is_quiet=not manifest.counts["read"]
    )
    return [*past, NightTable(night=store.night, table=manifest.tables["documents"])]


def read_texts(store: Store, nights: list[NightTable]) -> WindowTexts:
    """Read the texts of a window; of a document that was replaced, the latest."""
    digest_of: dict[str, str] = {}
    text_of: dict[str, str] = {}
    for night in nights:
        items = read_night(store, night)
        text_of |= items.texts
        ids, digests = (items.documents[it].to_pylist() for it in (DOC_ID, TEXT_DIGEST))
        digest_of |= zip(ids, digests, strict=True)
    return WindowTexts(digest_of, text_of)


def whole_text(store: Store, nights: list[NightTable], doc_id: str) -> str:
    """Return the text of a document as it is published: passages count its characters."""
    for night in reversed(nights):
        table = read_table(store, night.table, [DOC_ID, TEXT])
        own = table.filter(pc.equal(table[DOC_ID], doc_id))
        if len(own):
            return str(own[TEXT][0])
    return ""


def rows_of(store: Store, manifest: Manifest, table: str, column: str, value: str) -> list[Row]:
    """Return the rows of one of the night's tables that have a value; none where it lacks it."""
    if table not in manifest.tables:
        return []
    found = read_table(store, manifest.tables[table])
    rows: list[Row] = found.filter(pc.equal(found[column], value)).to_pylist()
    return rows


def clusters_by_id(store: Store, manifest: Manifest) -> dict[str, Row]:
    """Return the clusters of a night by their ids."""
    rows = read_table(store, manifest.tables["clusters"]).to_pylist()
    return {row[CLUSTER_ID]: row for row in rows}


def clustered(store: Store, manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Yield every document of the window with its cluster."""
    table = read_published(store, manifest, "assignments", [DOC_ID, CLUSTER_ID])
    yield from zip(*(table[it].to_pylist() for it in (DOC_ID, CLUSTER_ID)), strict=True)
