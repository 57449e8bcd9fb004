"""The documents of the other nights: which ids and texts are known, and which were withdrawn."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from tasks.store.history import NightTable
from tasks.store.storage import Store, read_table
from validation.schemas import DOC_ID, TEXT_DIGEST

Document = tuple[str, str]
"""Text digest and night of a document."""


@dataclass(frozen=True)
class NightIds:
    """What one night adds to what is known.

    Parameters
    ----------
    night
        Its date.
    documents
        Id and text digest of each of its documents.
    withdrawn
        Ids that it withdrew.
    """

    night: date
    documents: Collection[tuple[str, str]]
    withdrawn: Collection[str] = ()


@dataclass
class Seen:
    """The first document with each text and the text of each id, over all nights so far.

    Parameters
    ----------
    night
        Tonight.
    text_of_id
        doc_id → (text digest, night), without the documents that were withdrawn.
    withdrawn_on
        doc_id → the night on which it was withdrawn.
    taken
        As `text_of_id`, of the nights after tonight: where tonight is backfilled, what they have
        stays theirs.
    first_with_text
        Text digest → (doc_id, night).
    """

    night: date
    text_of_id: dict[str, Document] = field(default_factory=dict)
    withdrawn_on: dict[str, str] = field(default_factory=dict)
    taken: Mapping[str, Document] = field(default_factory=dict)
    first_with_text: dict[str, tuple[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        self.first_with_text = {}
        for doc_id, (digest, night) in self.text_of_id.items():
            self.first_with_text.setdefault(digest, (doc_id, night))

    def find(self, doc_id: str) -> Document | None:
        """Return the document that has an id."""
        return self.text_of_id.get(doc_id) or self.taken.get(doc_id)

    def add(self, doc_id: str, digest: str) -> None:
        """Add one of tonight's documents; the first one with a text stays the first."""
        self.first_with_text.setdefault(digest, (doc_id, str(self.night)))
        self.text_of_id.setdefault(doc_id, (digest, str(self.night)))

    def without(self, leaving: Collection[str]) -> "Seen":
        """Return what is left when documents leave: another one may be the first with its text."""
        if not leaving:
            return self  # most nights: a copy would cost as much as all nights so far
        left = {it: found for it, found in self.text_of_id.items() if it not in leaving}
        return Seen(self.night, left, self.withdrawn_on, self.taken)


def seen_on(tonight: date, nights: Iterable[NightIds]) -> Seen:
    """Collect the documents of the other nights; one that came back is there again.

    Parameters
    ----------
    tonight
        The night that is prepared.
    nights
        All others, the oldest first. Of the nights after tonight, the documents that came back are
        left out: tonight had them first.
    """
    documents: dict[str, Document] = {}
    withdrawn_on: dict[str, str] = {}
    taken: dict[str, Document] = {}
    gone: set[str] = set()
    for ids in nights:
        if ids.night > tonight:
            gone.update(ids.withdrawn)
            _add_first(taken, ids, gone)
            continue
        for doc_id in ids.withdrawn:
            documents.pop(doc_id, None)
            withdrawn_on.setdefault(doc_id, str(ids.night))
        _add_first(documents, ids)
        for doc_id, _ in ids.documents:
            withdrawn_on.pop(doc_id, None)
    return Seen(tonight, documents, withdrawn_on, taken)


def read_seen(store: Store, others: Iterable[NightTable]) -> Seen:
    """Read the ids and texts of the other nights, the oldest first; see `seen_on`."""
    nights = (
        NightIds(it.night, _read_documents(store, it), withdrawn_ids(store, it)) for it in others
    )
    return seen_on(store.night, nights)


def withdrawn_ids(store: Store, night: NightTable) -> list[str]:
    """Return the ids that a night withdrew."""
    if night.withdrawn is None:
        return []
    ids: list[str] = read_table(store, night.withdrawn, [DOC_ID])[DOC_ID].to_pylist()
    return ids


def _read_documents(store: Store, night: NightTable) -> list[tuple[str, str]]:
    table = read_table(store, night.table, [DOC_ID, TEXT_DIGEST])
    return list(zip(table[DOC_ID].to_pylist(), table[TEXT_DIGEST].to_pylist(), strict=True))


def _add_first(
    documents: dict[str, Document], ids: NightIds, left_out: Collection[str] = ()
) -> None:
    """Add the documents of a night whose ids are not there yet."""
    for doc_id, digest in ids.documents:
        if doc_id not in left_out:
            documents.setdefault(doc_id, (digest, str(ids.night)))
