"""Find what is asked for whatever the clusters say: the documents that hold the terms of a watch.

Reads  the window's texts and documents, assignments
Writes watches (WATCHES)
"""

import logging
from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from models.core.threads import one_thread
from tasks.boundary.excerpts import excerpt
from tasks.frame.result import StageResult
from tasks.frame.stage import stage
from tasks.reporting.whole_window import read_whole_window
from tasks.store.history import PastNight
from tasks.store.storage import Ref, Store, keep_table, read_table
from tasks.vectors.items import Window
from tasks.vectors.views import Views
from validation.tables.cluster_schemas import WATCHES
from validation.tables.columns import CLUSTER_ID, DOC_ID, IS_NEW, NIGHT, POSITION, TERM, TEXT, WATCH

logger = logging.getLogger(__name__)

_EXAMPLES: Final = 2
_EXAMPLE_CHARS: Final = 160
"""A line of a summary or two."""


class Watch(BaseModel):
    """Words that are always reported."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = Field(
        description="Words or phrases, separated by commas; a document with any of them is"
        " reported."
    )
    name: str = Field("", description="What the watch is called; its text if left empty.")

    @field_validator("text")
    @classmethod
    def _names_something(cls, text: str) -> str:
        empty = [part for part in text.split(",") if not any(map(str.isalnum, part))]
        if empty:
            raise ValueError(
                "text must be words or phrases with a comma between two of them, got"
                f" {text!r}, in which {empty[0]!r} has no letter or digit"
            )
        return text

    @model_validator(mode="before")
    @classmethod
    def _is_called_something(cls, given: Any) -> Any:
        if isinstance(given, dict) and not given.get("name") and "text" in given:
            return given | {"name": given["text"]}
        return given


class WatchCount(BaseModel):
    """What a watch has found tonight."""

    model_config = ConfigDict(frozen=True)

    name: str
    text: str
    n_documents: int
    """Of the window."""
    n_new: int
    n_before: int | None
    """Of the last night's window; None if that night had no watch for this text."""
    examples: list[str]
    """Beginnings of texts, the newest first."""


class Watched(StageResult):
    """What the watches have found; the documents are the table `watches`."""

    counts: list[WatchCount]

    def facts(self) -> dict[str, Any]:
        """Return what each watch has found."""
        return {"watches": [count.model_dump(mode="json") for count in self.counts]}


def require_own_names(watches: Sequence[Watch]) -> None:
    """Fail where two watches have one name.

    Raises
    ------
    ValueError
        Naming it.
    """
    names = [watch.name for watch in watches]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(
                f"every watch must have a name of its own, but {names.count(name)} are called"
                f" {name!r}; set `name`"
            )


@stage("watch", version=1)
@one_thread()
def watch_terms(
    store: Store,
    views: Views,
    assignments: Ref,
    watches: Sequence[Watch],
    before: dict[str, int],
) -> Watched:
    """Find the documents of every watch, and how many there are more than on the last night.

    Parameters
    ----------
    store, views
        The window.
    assignments
        Tonight's.
    watches
        What is watched.
    before
        Text of a watch → documents that it had on the last night; see `watched_before`.
    """
    window, assigned = read_whole_window(store, views), read_table(store, assignments)
    found = find_watched(window, assigned, watches)
    counts = [count_watched(watch, found, window, before) for watch in watches]
    for count in counts:
        logger.info("watch %r: %d documents, %d new", count.name, count.n_documents, count.n_new)
    return Watched(tables={"watches": keep_table(store, "watch", found)}, counts=counts)


def watched_before(store: Store, last: PastNight | None) -> dict[str, int]:
    """Return how many documents each watch of the last night had, by its text.

    Parameters
    ----------
    store
        Tonight.
    last
        The night before; None on the first night.
    """
    counts = store.read_manifest(last.night).watches if last else []
    return {count["text"]: count["n_documents"] for count in counts}


def find_watched(window: Window, assigned: pa.Table, watches: Sequence[Watch]) -> pa.Table:
    """Find the documents that hold a term of a watch.

    Parameters
    ----------
    window
        Whose texts are searched, titles too.
    assigned
        Its documents with their clusters, in the same order.
    watches
        What is searched for.

    Returns
    -------
    Watch by watch, with the schema `WATCHES`.
    """
    texts = window.texts[TEXT].to_pylist()
    positions = window.documents[POSITION].to_pylist()
    columns = (assigned[name].to_pylist() for name in (DOC_ID, CLUSTER_ID, IS_NEW))
    documents = list(zip(positions, *columns, strict=True))
    rows = []
    for watch in watches:
        terms = _terms_held(texts, watch)
        rows += [
            {WATCH: watch.name, DOC_ID: doc_id, CLUSTER_ID: cluster, IS_NEW: is_new, TERM: term}
            for position, doc_id, cluster, is_new in documents
            if (term := terms[position]) is not None
        ]
    return pa.Table.from_pylist(rows, schema=WATCHES)


def _terms_held(texts: Sequence[str], watch: Watch) -> list[str | None]:
    """Return the first term of a watch that each text holds."""
    from models.text.term_search import TermSearch, terms_in

    search = TermSearch(terms_in(watch.text))
    return [search.first_in(text) for text in texts]


def count_watched(
    watch: Watch, found: pa.Table, window: Window, before: dict[str, int]
) -> WatchCount:
    """Count the documents of a watch, and choose some that show it."""
    own = [row for row in found.to_pylist() if row[WATCH] == watch.name]
    return WatchCount(
        name=watch.name,
        text=watch.text,
        n_documents=len(own),
        n_new=sum(row[IS_NEW] for row in own),
        n_before=before.get(watch.text),
        examples=_examples([row[DOC_ID] for row in own], window),
    )


def _examples(doc_ids: Sequence[str], window: Window) -> list[str]:
    """Return the beginnings of the newest different texts of some documents."""
    columns = (window.documents[name].to_pylist() for name in (NIGHT, POSITION, DOC_ID))
    own, texts = set(doc_ids), window.texts[TEXT]
    found = [(night, place) for night, place, doc_id in zip(*columns, strict=True) if doc_id in own]
    newest = dict.fromkeys(place for _, place in sorted(found, reverse=True))
    return [excerpt(texts[it].as_py(), _EXAMPLE_CHARS) for it in list(newest)[:_EXAMPLES]]
