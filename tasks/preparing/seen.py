"""The documents of the other nights: which ids and texts are known, and which were withdrawn."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.preparing.known_texts import KNOWN_DOCUMENTS, KnownTexts
from tasks.preparing.tonight import TonightsDocuments
from tasks.store.history import NightTable
from tasks.store.storage import Store, read_table
from validation.tables.columns import DOC_ID, NIGHT, TEXT_DIGEST

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
    documents: pa.Table
    withdrawn: Collection[str] = ()


@dataclass
class Seen:
    """The first document with each text and the text of each id, over all nights so far.

    Of the ids, those alone that tonight's rows have: a history is longer than a night.

    Parameters
    ----------
    night
        Tonight.
    text_of_id
        doc_id → (text digest, night) before tonight, without the documents that were withdrawn.
    withdrawn_on
        doc_id → the night on which it was withdrawn.
    taken
        As `text_of_id`, of the nights after tonight: where tonight is backfilled, what they have
        stays theirs.
    texts
        All documents of the nights before by their texts.
    """

    night: date
    text_of_id: dict[str, Document] = field(default_factory=dict)
    withdrawn_on: dict[str, str] = field(default_factory=dict)
    taken: Mapping[str, Document] = field(default_factory=dict)
    texts: KnownTexts = field(
        default_factory=lambda: KnownTexts(KNOWN_DOCUMENTS.empty_table(), ()), compare=False
    )
    added: TonightsDocuments = field(default_factory=TonightsDocuments, init=False, compare=False)
    """Tonight's documents so far."""

    def __post_init__(self) -> None:
        # Once, for there is one of it in every document.
        self._tonight = str(self.night)

    def look_up(self, ids: Collection[str], digests: Collection[str]) -> None:
        """Say which ids and texts are asked for next; others of tonight may not be found."""
        self.added.look_up(ids, digests)

    def find(self, doc_id: str) -> Document | None:
        """Return the document that has an id."""
        if (found := self.text_of_id.get(doc_id) or self.taken.get(doc_id)) is not None:
            return found
        digest = self.added.digest_of(doc_id)
        return None if digest is None else (digest, self._tonight)

    def first_with_text(self, digest: str) -> tuple[str, str] | None:
        """Return id and night of the first document with a text."""
        if (found := self.texts.find(digest)) is not None:
            return found
        doc_id = self.added.first_with(digest)
        return None if doc_id is None else (doc_id, self._tonight)

    def add(self, doc_id: str, digest: str) -> None:
        """Add one of tonight's documents; its id is new, and the first with a text stays so."""
        self.added.add(doc_id, digest)

    def without(self, leaving: Collection[str]) -> "Seen":
        """Return what is left when documents leave."""
        if not leaving:
            return self
        left = {it: found for it, found in self.text_of_id.items() if it not in leaving}
        return Seen(self.night, left, self.withdrawn_on, self.taken, self.texts.without(leaving))


def seen_on(tonight: date, nights: Iterable[NightIds], asked: Collection[str]) -> Seen:
    """Collect the documents of the other nights; one that came back is there again.

    Parameters
    ----------
    tonight
        The night that is prepared.
    nights
        All others, the oldest first. Of the nights after tonight, the documents that came back are
        left out: tonight had them first.
    asked
        The ids that will be asked for.
    """
    others = list(nights)
    before = [it for it in others if it.night <= tonight]
    names = [str(it.night) for it in before]
    held, withdrawn_on = _held(before)
    wanted = pa.array(sorted(asked), pa.large_string())
    rows = held.filter(pc.is_in(held[DOC_ID], wanted)).to_pylist()
    return Seen(
        tonight,
        {row[DOC_ID]: (row[TEXT_DIGEST], names[row[NIGHT]]) for row in rows},
        {doc_id: names[position] for doc_id, position in withdrawn_on.items()},
        _taken([it for it in others if it.night > tonight], wanted),
        KnownTexts(held, names),
    )


def read_seen(store: Store, others: Iterable[NightTable], asked: Collection[str]) -> Seen:
    """Read the ids and texts of the other nights, the oldest first; see `seen_on`."""
    nights = (
        NightIds(
            it.night, read_table(store, it.table, [DOC_ID, TEXT_DIGEST]), withdrawn_ids(store, it)
        )
        for it in others
    )
    return seen_on(store.night, nights, asked)


def withdrawn_ids(store: Store, night: NightTable) -> list[str]:
    """Return the ids that a night withdrew."""
    if night.withdrawn is None:
        return []
    ids: list[str] = read_table(store, night.withdrawn, [DOC_ID])[DOC_ID].to_pylist()
    return ids


def _held(nights: Sequence[NightIds]) -> tuple[pa.Table, dict[str, int]]:
    """Find the document that each id has after some nights, and the ids that were withdrawn.

    A night withdraws before it adds: a document of that very night is there again.

    Returns
    -------
    The documents with the schema `KNOWN_DOCUMENTS`; id → position of the first night that withdrew
    it since it was last a document.
    """
    documents = pa.concat_tables([KNOWN_DOCUMENTS.empty_table(), *_numbered(nights)])
    withdrawals: dict[str, list[int]] = {}
    for position, night in enumerate(nights):
        for doc_id in night.withdrawn:
            withdrawals.setdefault(doc_id, []).append(position)
    concerned = pc.is_in(documents[DOC_ID], pa.array(sorted(withdrawals), pa.large_string()))
    rows = documents.filter(concerned)
    pairs = list(zip(rows[DOC_ID].to_pylist(), rows[NIGHT].to_pylist(), strict=True))
    is_held = np.ones(len(documents), dtype=bool)
    is_held[concerned.to_numpy()] = [night >= withdrawals[it][-1] for it, night in pairs]
    last_as_document = dict(pairs)  # in the order of the nights, so that the last one stays
    since = {
        doc_id: [position for position in found if position > last_as_document.get(doc_id, -1)]
        for doc_id, found in withdrawals.items()
    }
    withdrawn_on = {doc_id: found[0] for doc_id, found in since.items() if found}
    held = documents if is_held.all() else documents.filter(pa.array(is_held))
    return _first_by_id(held), withdrawn_on


def _numbered(nights: Sequence[NightIds]) -> Iterator[pa.Table]:
    """Yield the documents of each night with the position of the night."""
    for position, night in enumerate(nights):
        columns = [night.documents[DOC_ID], night.documents[TEXT_DIGEST]]
        numbers = pa.array(np.full(len(night.documents), position), pa.int32())
        yield pa.table([*columns, numbers], names=KNOWN_DOCUMENTS.names).cast(KNOWN_DOCUMENTS)


def _first_by_id(documents: pa.Table) -> pa.Table:
    """Keep the first document of each id."""
    codes = documents[DOC_ID].combine_chunks().dictionary_encode()
    first = np.unique(codes.indices.to_numpy(), return_index=True)[1]
    return documents if len(first) == len(documents) else documents.take(np.sort(first))


def _taken(nights: Sequence[NightIds], asked: pa.Array) -> dict[str, Document]:
    """Find the documents of later nights that have one of the ids; not those that came back."""
    taken: dict[str, Document] = {}
    gone: set[str] = set()
    for night in nights:
        gone.update(night.withdrawn)
        is_asked = pc.is_in(night.documents[DOC_ID].cast(pa.large_string()), asked)
        for row in night.documents.filter(is_asked).to_pylist():
            if row[DOC_ID] not in gone:
                taken.setdefault(row[DOC_ID], (row[TEXT_DIGEST], str(night.night)))
    return taken
