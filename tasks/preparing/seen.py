"""The documents of the other nights: which ids and texts are known, and which were withdrawn."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from tasks.store.history import NightTable
from tasks.store.storage import Store, read_table
from validation.schemas import DOC_ID, TEXT_DIGEST

Document = tuple[str, str]
"""Text digest and night of a document."""


@dataclass
class Seen:
    """The first document with each text and the text of each id, over all nights so far.

    Parameters
    ----------
    text_of_id
        doc_id → (text digest, night), without the documents that were withdrawn.
    withdrawn_on
        doc_id → the night on which it was withdrawn.
    taken
        As `text_of_id`, of the nights after tonight: where tonight is made up for, what they have
        stays theirs.
    first_with_text
        Text digest → (doc_id, night).
    """

    text_of_id: dict[str, Document] = field(default_factory=dict)
    withdrawn_on: dict[str, str] = field(default_factory=dict)
    taken: Mapping[str, Document] = field(default_factory=dict)
    first_with_text: dict[str, tuple[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        self.first_with_text = {}
        for doc_id, (digest, night) in self.text_of_id.items():
            self.first_with_text.setdefault(digest, (doc_id, night))

    def find(self, doc_id: str) -> Document | None:
        """Give the document that has an id."""
        return self.text_of_id.get(doc_id) or self.taken.get(doc_id)

    def add(self, doc_id: str, digest: str, night: str) -> None:
        """Note a document; the first one with a text stays the first."""
        self.first_with_text.setdefault(digest, (doc_id, night))
        self.text_of_id.setdefault(doc_id, (digest, night))

    def without(self, leaving: Collection[str]) -> "Seen":
        """Give what is left when documents leave: another one may be the first with its text."""
        left = {it: found for it, found in self.text_of_id.items() if it not in leaving}
        return Seen(left, self.withdrawn_on, self.taken)


def read_seen(store: Store, past: list[NightTable]) -> Seen:
    """Note the documents of the other nights, oldest first; a document that came back is one."""
    documents: dict[str, Document] = {}
    withdrawn_on: dict[str, str] = {}
    for night in past:
        if night.night > store.night:
            continue
        for doc_id in withdrawn_ids(store, night):
            documents.pop(doc_id, None)
            withdrawn_on.setdefault(doc_id, str(night.night))
        for doc_id, digest in _documents(store, night):
            documents.setdefault(doc_id, (digest, str(night.night)))
            withdrawn_on.pop(doc_id, None)
    later = [night for night in past if night.night > store.night]
    return Seen(documents, withdrawn_on, _taken(store, later))


def withdrawn_ids(store: Store, night: NightTable) -> list[str]:
    """Give the ids that a night withdrew."""
    if night.withdrawn is None:
        return []
    ids: list[str] = read_table(store, night.withdrawn, [DOC_ID])[DOC_ID].to_pylist()
    return ids


def _taken(store: Store, later: list[NightTable]) -> dict[str, Document]:
    """Note the documents of later nights, but for those that came back: tonight had them first."""
    gone: set[str] = set()
    taken: dict[str, Document] = {}
    for night in later:
        gone.update(withdrawn_ids(store, night))
        for doc_id, digest in _documents(store, night):
            if doc_id not in gone:
                taken.setdefault(doc_id, (digest, str(night.night)))
    return taken


def _documents(store: Store, night: NightTable) -> Iterator[tuple[str, str]]:
    table = read_table(store, night.table, [DOC_ID, TEXT_DIGEST])
    return zip(*(table[name].to_pylist() for name in (DOC_ID, TEXT_DIGEST)), strict=True)
