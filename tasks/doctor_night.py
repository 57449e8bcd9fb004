"""Examine a published night: its files against its manifest, its tables against each other."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from tasks.conservation import COMPARED, PLACES, Tables, compare_tables, schema_problem, some
from tasks.files import sha256_of
from tasks.finding import Finding
from tasks.listing import refs_of
from tasks.manifests import Manifest, ManifestError
from tasks.records import forget_records, records_folder
from tasks.storage import Ref, Store, is_intact, read_table
from validation.schemas import DOC_ID, PUBLISHED

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
        refs, counts = refs_of(manifest), counts_of(manifest)
    except (ManifestError, ValidationError) as error:
        earlier.is_complete = False
        said = str(error).removeprefix(f"{store.manifest_path()} ").removesuffix(_AGAIN)
        yield Finding(_file(store), "manifest", said, remedy_of(store))
        return
    # Nights of an older nightfold have no tables of what it did not read or measure.
    has = {"withdrawn": counts["withdrawn"], "drift": (manifest["fit"] or {}).get("drift")}
    expected = [name for name in PUBLISHED if has.get(name, True)]
    broken = list(examine_files(store, refs, expected))
    yield from broken
    damaged = {finding.file for finding in broken}
    tables = {
        name: read_table(store, ref, COMPARED[name])
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


def remedy_of(store: Store) -> str:
    """Say how a night is published anew."""
    return (
        f"run the night again: nightfold run FEED --store {store.root}"
        f" --feed-name {store.feed} --night {store.night}"
    )


def stage_copies(store: Store, ref: Ref) -> Iterator[str]:
    """Find intact copies of a published file among the stage files, relative to the root."""
    suffix = Path(ref.path).suffix
    for path in sorted(store.state.glob(f"stages/*/{ref.sha256[:32]}{suffix}")):
        if sha256_of(path) == ref.sha256:
            yield path.relative_to(store.root).as_posix()


def counts_of(manifest: Manifest) -> dict[str, int]:
    """Give where a night's rows went.

    Raises
    ------
    ManifestError
        If the manifest does not say.
    """
    counts: dict[str, Any] = manifest["counts"]
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
        problem = _file_problem(store, ref)
        if problem:
            source = next(stage_copies(store, ref), None)
            yield Finding(
                ref.path, "digest", problem, "" if source else remedy_of(store), source=source
            )
        elif problem := schema_problem(store, name, ref):
            yield Finding(ref.path, "schema", problem, remedy_of(store))


def _file_problem(store: Store, ref: Ref) -> str | None:
    if is_intact(store, ref):
        return None
    is_there = store.resolve(ref).is_file()
    return "its content is not what the manifest says" if is_there else "it is not there"


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
