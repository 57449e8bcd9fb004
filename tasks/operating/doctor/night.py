"""Examine a published night: its files against its manifest, its tables against each other."""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

from tasks.operating.doctor.finding import Finding, file_problem
from tasks.preparing.counts import PLACES
from tasks.publishing.conservation import (
    COMPARED,
    Tables,
    compare_tables,
    read_compared,
    schema_problem,
    some,
)
from tasks.store.aside.copies import manifest_copy, report_copy
from tasks.store.listing import REPORTS, named_refs
from tasks.store.manifests import Manifest, ManifestError
from tasks.store.pruned import read_pruned
from tasks.store.records import forget_records, records_folder
from tasks.store.refs import digest_in_name
from tasks.store.storage import Ref, Store
from validation.tables.columns import DOC_ID
from validation.tables.schemas import PUBLISHED

_COUNTS: Final = ("read", *PLACES)
_AGAIN: Final = "; run that night again"


@dataclass
class Earlier:
    """The documents of the nights that were examined before.

    Parameters
    ----------
    night_of
        doc_id → its night.
    is_complete
        False after a night whose documents could not be read: who is missing is not known then.
    """

    night_of: dict[str, str] = field(default_factory=dict)
    is_complete: bool = True

    def withdraw(self, doc_ids: Iterable[str]) -> None:
        """Forget documents that their source has withdrawn: they may come back."""
        for doc_id in doc_ids:
            self.night_of.pop(doc_id, None)


def examine_night(store: Store, earlier: Earlier) -> Iterator[Finding]:
    """Examine one night, and note its documents for the nights after it.

    Raises
    ------
    NewerStoreError
        If a newer nightfold has published the night.
    """
    try:
        manifest = store.read_manifest()
        refs, counts = named_refs(store, manifest), counts_of(manifest)
    except ManifestError as error:
        earlier.is_complete = False
        yield damaged_manifest(store, error)
        return
    # Nights of an older nightfold have no tables of what it did not read or measure.
    has = {"withdrawn": counts["withdrawn"], "drift": (manifest.fit or {}).get("drift")}
    expected = [it for it, table in PUBLISHED.items() if has.get(it, not table.is_later)]
    broken = list(examine_files(store, refs, expected))
    yield from broken
    damaged = {finding.file for finding in broken}
    tables = {
        name: read_compared(store, name, ref)
        for name, ref in refs.items()
        if name in COMPARED and ref.path not in damaged
    }
    unsound = [
        Finding(_file(store), rule, said, remedy_of(store))
        for rule, said in compare_tables(counts, tables)
    ]
    unsound += compare_nights(store, tables, earlier)
    yield from unsound
    if unsound:
        yield from _untrusted_records(store)


def _untrusted_records(store: Store) -> Iterator[Finding]:
    """Find the cache records of a night that does not add up: a run would publish it again."""
    folder = records_folder(store)
    if folder.is_dir():
        yield Finding(
            folder.relative_to(store.root).as_posix(),
            "cache_record",
            "a night that does not add up was made of these records",
            mend=partial(forget_records, store),
            deed="removes them",
        )


def damaged_manifest(store: Store, error: ManifestError) -> Finding:
    """Return the finding of a manifest that cannot be used, with its copy if there is one."""
    path = store.manifest_path()
    said = str(error).removeprefix(f"{path} ").removesuffix(_AGAIN)
    copy = manifest_copy(store)
    # A run writes over a file, and over nothing else.
    is_in_the_way = not copy and not path.is_file()
    remedy = "" if copy else remedy_of(store)
    return Finding(_file(store), "manifest", said, remedy, source=copy, is_movable=is_in_the_way)


def remedy_of(store: Store) -> str:
    """Return how to publish a night again, or to go without where it builds on pruned nights."""
    if not can_be_run_again(store):
        return (
            "bring it back from a backup, or let go of the night by `nightfold prune`: those before"
            " it were pruned, so it cannot be run again"
        )
    return (
        f"run the night again: nightfold run FEED --store {store.root}"
        f" --feed-name {store.feed} --night {store.night}{_what_it_lacks(store)}"
    )


def can_be_run_again(store: Store) -> bool:
    """Return whether a night has one before it, or none was pruned, as far as can be read."""
    try:
        pruned = read_pruned(store)
    except ManifestError:  # a finding of its own, after whose repair this is asked again
        return True
    return not pruned or any(it < store.night for it in store.published_nights())


def _what_it_lacks(store: Store) -> str:
    """Return what a person should know of a night that is run again on less than it was made of."""
    try:
        pruned = read_pruned(store)
    except ManifestError:
        return ""
    window = timedelta(days=_window_days(store))
    if not any(store.night - window < it.night < store.night for it in pruned):
        return ""
    return (
        "; nights of its window were pruned, and it comes out without their documents: where there"
        " is a backup, bring the file back from that"
    )


def _window_days(store: Store) -> int:
    """Return how many days the window of a night has, or that of another night of its feed."""
    for night in (store.night, *reversed(store.published_nights())):
        with suppress(ManifestError):
            return store.read_manifest(night).window_days
    return 0


def stage_copies(store: Store, ref: Ref) -> Iterator[str]:
    """Find intact copies of a published file among the stage files, relative to the root."""
    suffix = Path(ref.path).suffix
    for path in sorted(store.state.glob(f"stages/*/{digest_in_name(ref.sha256)}{suffix}")):
        copy = ref.model_copy(update={"path": path.relative_to(store.root).as_posix()})
        if not file_problem(store, copy):
            yield copy.path


def counts_of(manifest: Manifest) -> dict[str, int]:
    """Return where a night's rows went.

    Raises
    ------
    ManifestError
        If the manifest does not say.
    """
    counts = manifest.counts
    for name in _COUNTS:
        if not isinstance(counts.get(name), int):
            raise ManifestError(f"counts must have {name!r} as a number, got {counts.get(name)!r}")
    return counts


def examine_files(
    store: Store, refs: Mapping[str, Ref], expected: Collection[str]
) -> Iterator[Finding]:
    """Find files that are gone, changed, or of another schema; a table that lacks is one too."""
    for name in sorted(set(expected) - refs.keys()):
        yield Finding(_file(store), "tables", f"it names no table {name!r}", remedy_of(store))
    for name, ref in refs.items():
        problem = file_problem(store, ref)
        if problem:
            yield _damaged_file(store, name, ref, problem)
        elif problem := schema_problem(store, name, ref):
            yield Finding(ref.path, "schema", problem, remedy_of(store))


def _damaged_file(store: Store, name: str, ref: Ref, problem: str) -> Finding:
    is_report = name.startswith(REPORTS)
    source = report_copy(store, ref) if is_report else next(stage_copies(store, ref), None)
    rule, remedy = "summary" if is_report else "digest", "" if source else remedy_of(store)
    # A run writes over a file, and over nothing else.
    path = store.resolve(ref)
    is_in_the_way = not source and os.path.lexists(path) and not path.is_file()
    return Finding(ref.path, rule, problem, remedy, source=source, is_movable=is_in_the_way)


def compare_nights(store: Store, tables: Tables, earlier: Earlier) -> Iterator[Finding]:
    """Find documents that are assigned without being there, or that two nights have."""
    if "documents" not in tables:
        earlier.is_complete = False
        return
    if "withdrawn" in tables:
        earlier.withdraw(tables["withdrawn"][DOC_ID].to_pylist())
    tonight = tables["documents"][DOC_ID].to_pylist()
    again = [doc_id for doc_id in tonight if doc_id in earlier.night_of]
    if again:
        problem = f"documents {some(again)} are of night {earlier.night_of[again[0]]} already"
        yield Finding(_file(store), "unique_ids", problem, remedy_of(store))
    earlier.night_of |= dict.fromkeys(tonight, str(store.night))
    if "assignments" in tables and earlier.is_complete:
        lost = [
            it for it in tables["assignments"][DOC_ID].to_pylist() if it not in earlier.night_of
        ]
        if lost:
            problem = f"assignments {some(lost)} have no document in this night or before it"
            yield Finding(_file(store), "conservation", problem, remedy_of(store))


def _file(store: Store) -> str:
    return store.manifest_path().relative_to(store.root).as_posix()
