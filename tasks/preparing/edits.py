"""Ids that come with another text than before: edited documents, or ids that start again.

A changed text has more in common with what its id said before than with what other ids said. Where
ids start again every night it has not, however much all texts of a feed are alike. And row numbers
are no ids, however much the texts of two nights are alike row by row.
"""

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from typing import Final, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tasks.preparing.candidates import Plan
from tasks.preparing.prepare_settings import PrepareSettings
from tasks.preparing.seen import Seen
from tasks.store.history import NightTable
from tasks.store.storage import Store, read_batches
from validation.tables.columns import DOC_ID, TEXT, TEXT_DIGEST

MOST_UNRELATED_SHARE: Final = 0.5
"""Of the ids that are known: where more come with unrelated texts, they have started again."""

FEWEST_UNRELATED: Final = 5
"""Whoever rewrites four documents has rewritten four documents."""

MOST_KEPT_SHARE: Final = 0.1
"""Of the row numbers of a night: where more mean the texts that they meant before, they are ids."""

SAMPLE: Final = 200
"""Changed ids that are looked at: their share is known to within seven percentage points."""

OTHERS: Final = 20
"""Earlier texts that a text is compared with besides its own."""

MOST_NEARER: Final = 2
"""Of the others, as many may be as near as the own one: some texts stand in a feed several times.
Where ids have started again, three texts in 21 pass."""

_COMPARED_CHARS: Final = 2_000
"""What a text is about stands in its beginning."""

_PIECE_CHARS: Final = 3
"""Words without spaces between them are compared as others are."""


@dataclass(frozen=True)
class Changes:
    """The ids of tonight that come with another text than before.

    Parameters
    ----------
    n_known
        Ids of tonight that earlier nights know, with whichever text.
    texts
        Changed id → its new text.
    nights
        Changed id → night of the document that has the old text.
    are_row_numbers
        Whether the ids of tonight are a count from 0 or 1 to their end.
    """

    n_known: int = 0
    texts: Mapping[str, str] = field(default_factory=dict)
    nights: Mapping[str, str] = field(default_factory=dict)
    are_row_numbers: bool = False


@dataclass(frozen=True)
class Edits:
    """What becomes of the changed ids.

    Parameters
    ----------
    replaced
        Id → night of the document that tonight's replaces.
    kept
        Ids whose earlier document stays; tonight's row counts as a duplicate of it.
    n_restarted_of
        If the ids have started again: how many of tonight's were known. Nothing is replaced then.
    """

    replaced: Mapping[str, str] = field(default_factory=dict)
    kept: Set[str] = frozenset()
    n_restarted_of: int | None = None


def find_changes(plan: Plan, before: Seen, settings: PrepareSettings) -> Changes:
    """Find the ids that come with another text; all rows are read, if any id is known.

    Before the first row is prepared: what an id replaces must not depend on the order of rows.
    """
    if not before.text_of_id:
        return Changes()
    from tasks.preparing.texts.clean_rows import clean_row

    known: set[str] = set()
    texts: dict[str, str] = {}
    nights: dict[str, str] = {}
    rows = (row for batch in plan.rows.batches() for row in batch)
    for row in rows:
        doc_id = row[DOC_ID]
        found = before.text_of_id.get(doc_id)
        if found is None or doc_id in plan.leaving:
            continue
        known.add(doc_id)
        cleaned = clean_row(row, settings.max_text_chars, plan.repeated)
        if cleaned[TEXT] and cleaned[TEXT_DIGEST] != found[0]:
            texts[doc_id], nights[doc_id] = cleaned[TEXT], found[1]
    return Changes(len(known), texts, nights, are_row_numbers(plan.rows.ids()))


def are_row_numbers(ids: Set[str]) -> bool:
    """Return whether ids are a count from 0 or 1 to their end."""
    return any(ids == {str(n) for n in range(first, first + len(ids))} for first in (0, 1))


def decide(
    changes: Changes,
    on_change: Literal["replace", "keep"],
    read: Callable[[Mapping[str, str]], Mapping[str, str]],
) -> Edits:
    """Decide what becomes of the changed ids.

    Parameters
    ----------
    changes
        See `find_changes`.
    on_change
        As configured.
    read
        From id → night to id → text: the earlier texts of some ids, as far as they are kept.
    """
    if not changes.texts:
        return Edits()
    if on_change == "keep":
        return Edits(kept=changes.texts.keys())
    if have_restarted(changes, read(_sampled(changes))):
        return Edits(n_restarted_of=changes.n_known)
    return Edits(replaced=changes.nights)


def have_restarted(changes: Changes, earlier: Mapping[str, str]) -> bool:
    """Return whether most known ids come with texts that have nothing to do with the known ones.

    Parameters
    ----------
    changes
        See `find_changes`.
    earlier
        Earlier texts of some of the changed ids; those of pruned nights are not known, and an id
        whose text is not known is no sign of anything.
    """
    n_changed = len(changes.texts)
    if n_changed < FEWEST_UNRELATED:
        return False
    if changes.are_row_numbers and n_changed >= (1 - MOST_KEPT_SHARE) * changes.n_known:
        return True
    if not earlier:
        return False
    pieces = {doc_id: _pieces(text) for doc_id, text in sorted(earlier.items())}
    ids = list(pieces)
    n_unrelated = 0
    for place, doc_id in enumerate(ids):
        others = [ids[(place + step) % len(ids)] for step in range(1, min(OTHERS + 1, len(ids)))]
        new = _pieces(changes.texts[doc_id])
        own = _similarity(new, pieces[doc_id])
        n_nearer = sum(_similarity(new, pieces[other]) >= own for other in others)
        n_unrelated += own == 0 or n_nearer > MOST_NEARER * len(others) / OTHERS
    n_of_all = n_unrelated * n_changed / len(ids)
    return n_of_all >= FEWEST_UNRELATED and n_of_all > MOST_UNRELATED_SHARE * changes.n_known


def read_texts(store: Store, nights: list[NightTable], wanted: Mapping[str, str]) -> dict[str, str]:
    """Read the texts of some documents, by id.

    Parameters
    ----------
    store
        Tonight's place in the store.
    nights
        All other nights.
    wanted
        Id → night. Of pruned nights no texts are left.
    """
    found: dict[str, str] = {}
    for night in nights:
        ids = [doc_id for doc_id, on in wanted.items() if on == str(night.night)]
        if not ids or TEXT not in pq.read_schema(store.resolve(night.table)).names:
            continue
        asked = pa.array(sorted(ids), pa.string())
        for batch in read_batches(store, night.table, [DOC_ID, TEXT]):
            rows = batch.filter(pc.is_in(batch[DOC_ID], asked))
            found.update(zip(rows[DOC_ID].to_pylist(), rows[TEXT].to_pylist(), strict=True))
    return found


def _sampled(changes: Changes) -> dict[str, str]:
    """Take some changed ids, evenly from all in the order of their new texts."""
    ids = sorted(changes.texts, key=lambda doc_id: (changes.texts[doc_id], doc_id))
    step = -(-len(ids) // SAMPLE)
    return {doc_id: changes.nights[doc_id] for doc_id in ids[::step]}


def _pieces(text: str) -> frozenset[str]:
    start = text[:_COMPARED_CHARS].casefold()
    return frozenset(
        start[place : place + _PIECE_CHARS]
        for place in range(max(1, len(start) - _PIECE_CHARS + 1))
    )


def _similarity(first: frozenset[str], second: frozenset[str]) -> float:
    """Compute the Jaccard index of two sets of pieces."""
    return len(first & second) / len(first | second)
