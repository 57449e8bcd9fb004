"""Refuse a night that does not add up, or that loses documents which later nights hold."""

from collections.abc import Iterable, Iterator
from contextlib import suppress

from pydantic import ValidationError

from tasks.publishing.conservation import (
    COMPARED,
    Problem,
    compare_tables,
    read_compared,
    schema_problem,
    some,
)
from tasks.publishing.night import Night
from tasks.store.listing import refs_of
from tasks.store.manifests import ManifestError
from tasks.store.records import forget_records
from tasks.store.storage import Ref, Store, is_intact, read_table
from validation.errors import NightfoldError
from validation.tables.columns import DOC_ID


class UnsoundNightError(NightfoldError):
    """A night that does not add up, and is not published."""


class LostDocumentsError(NightfoldError):
    """A night that would take documents away from later nights, and is not published."""


def require_sound(store: Store, night: Night) -> None:
    """Hold a night, before any of its files is placed, to what the doctor holds it to afterwards.

    Raises
    ------
    UnsoundNightError
        Naming every rule that is broken. The cache records of the night are removed, for one of
        them says what is not so, and would say it again.
    """
    problems = [f"{rule}: {said}" for rule, said in _problems(store, night)]
    if not problems:
        return
    forget_records(store)
    raise UnsoundNightError(
        f"night {store.night} of feed {store.feed} does not add up, so it is not published, and"
        f" what is published stays as it is: {'; '.join(problems)}; its cache records are removed:"
        " run the same command again, and every stage runs anew; if it fails again, it is a defect"
        " of nightfold, please report it"
    )


def require_kept(store: Store, documents: Ref) -> None:
    """Hold a night that is run again to the documents which later nights have in their clusters.

    Parameters
    ----------
    store
        Which night.
    documents
        What the night has now.

    Raises
    ------
    LostDocumentsError
        Naming documents, and the first later night that holds them.
    """
    lost = _published_ids(store, "documents") - _ids(store, documents)
    later = [night for night in store.published_nights() if night > store.night]
    for night in later if lost else []:
        held = lost & _published_ids(store.on(night), "assignments")
        if held:
            raise LostDocumentsError(
                f"night {store.night} of feed {store.feed} stays as it is: it would lose documents"
                f" {some(held)}, which night {night} has in its clusters; run it with the feed that"
                " it was published from"
            )


def _problems(store: Store, night: Night) -> Iterator[Problem]:
    unreadable = {
        name: problem
        for name, ref in night.tables.items()
        if (problem := _problem(store, name, ref))
    }
    yield from unreadable.values()
    found = {
        name: read_compared(store, name, night.tables[name])
        for name in COMPARED
        if name in night.tables and name not in unreadable
    }
    yield from compare_tables(night.facts["counts"], found)
    if "assignments" in found:
        yield from _lost_window(store, night, found["assignments"][DOC_ID].to_pylist())


def _problem(store: Store, name: str, ref: Ref) -> Problem | None:
    """Return why a table cannot be compared with the others, if it cannot."""
    if not is_intact(store, ref):
        return Problem("digest", f"{store.resolve(ref)} is missing or changed")
    problem = schema_problem(store, name, ref)
    return Problem("schema", f"{name}: {problem}") if problem else None


def _lost_window(store: Store, night: Night, assigned: Iterable[str]) -> Iterator[Problem]:
    """Compare the assignments with the documents of the whole window."""
    window = set().union(*(_ids(store, past.table) for past in night.around.window))
    if lost := window - set(assigned):
        yield Problem("conservation", f"documents {some(lost)} of the window have no assignment")
    if added := set(assigned) - window:
        yield Problem("conservation", f"assignments {some(added)} have no document in the window")


def _published_ids(store: Store, table: str) -> set[str]:
    """Return the doc_ids of a published table; none where it cannot be read, which is no loss."""
    with suppress(ManifestError, ValidationError, KeyError):
        ref = refs_of(store.read_manifest())[table]
        if is_intact(store, ref):
            return _ids(store, ref)
    return set()


def _ids(store: Store, ref: Ref) -> set[str]:
    return set(read_table(store, ref, [DOC_ID])[DOC_ID].to_pylist())
