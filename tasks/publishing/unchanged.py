"""Whether a night that is asked for again is there already, found without running a stage.

Reads and writes one record more in state/results/feed=F/night=D/, for the night as a whole: it goes
with the records of the stages, and the doctor checks it as one of them.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from tasks.publishing.night import Surroundings, published_refs
from tasks.reporting.render.markdown import SUMMARY
from tasks.store.aside.copies import copy_path
from tasks.store.embeddings import shelves_of
from tasks.store.files import sha256_of, write_atomically
from tasks.store.manifests import read_object
from tasks.store.records import (
    UNREADABLE,
    read_record,
    records_folder,
    refs_in_result,
    seal,
)
from tasks.store.storage import DamagedFileError, Ref, Store, is_intact, read_table
from validation.tables.columns import TEXT_DIGEST

_NAME: Final = "night-v2-"
"""The number counts what the record holds."""


class _Kept(BaseModel):
    """What has to be there for a night to be there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    manifest: str
    """Digest of the file."""
    records: list[str]
    """Names of the stages' records."""
    items: Ref
    """The texts of the window, which have vectors on the shelf of the encoder."""
    passages: Ref
    """The passages of these texts, which have theirs on a shelf beside it."""
    encoder: str
    encoder_digest: str


def keep_night(store: Store, key: str, around: Surroundings) -> None:
    """Keep that a night is published; see `is_kept`.

    Parameters
    ----------
    store
        Which night.
    key
        Digest of all that the night is made from.
    around
        Its texts, and whose vectors they have.
    """
    folder = records_folder(store)
    for old in folder.glob(f"{_NAME}*"):
        old.unlink()
    kept = _Kept(
        manifest=sha256_of(store.manifest_path()),
        records=[path.name for path in _sound_records(folder)],
        items=around.items,
        passages=around.passages,
        encoder=around.encoder.name,
        encoder_digest=around.encoder.digest,
    )
    path = _path(store, key)
    content = json.dumps({"result": kept.model_dump_json()}).encode()
    write_atomically(path, seal(content, path.name))


def was_kept(store: Store) -> bool:
    """Return whether there is a record of the night as a whole, whatever it was made from."""
    return any(records_folder(store).glob(f"{_NAME}*"))


def is_kept(store: Store, key: str) -> bool:
    """Return whether a night made from just this is published, whole, and nothing of it was lost.

    That is: its manifest, the files that this names and their copies, the results of all stages,
    and a vector for each of its texts and their passages.
    """
    path = _path(store, key)
    try:
        kept = _Kept.model_validate(read_record(path))
        refs = [it for name in kept.records for it in _named_by(path.with_name(name))]
        return (
            _is_published(store, kept.manifest)
            and _all_intact(store, refs)
            and not _has_lost_vectors(store, kept)
        )
    except (*UNREADABLE, DamagedFileError):
        # Whatever it is, the run finds it, says what it is, and mends it.
        return False


def _path(store: Store, key: str) -> Path:
    return records_folder(store) / f"{_NAME}{key[:40]}"


def _sound_records(folder: Path) -> Iterator[Path]:
    """Yield the records of stages; Prefect keeps the errors of failed runs beside them."""
    for path in sorted(folder.iterdir()):
        try:
            read_record(path)
        except UNREADABLE:
            continue
        yield path


def _named_by(record: Path) -> Iterator[Ref]:
    return refs_in_result(read_record(record))


def _is_published(store: Store, manifest: str) -> bool:
    path = store.manifest_path()
    if not all(sha256_of(it) == manifest for it in (path, copy_path(store, path))):
        return False
    refs = published_refs(read_object(path, "run that night again"))
    summary = store.partition("reports") / SUMMARY
    is_copied = sha256_of(summary) == sha256_of(copy_path(store, summary))
    return is_copied and _all_intact(store, refs)


def _all_intact(store: Store, refs: list[Ref]) -> bool:
    """Hash each file once: many records name the same."""
    return all(is_intact(store, ref) for ref in {ref.path: ref for ref in refs}.values())


def _has_lost_vectors(store: Store, kept: _Kept) -> bool:
    shelves = shelves_of(store.root, kept.encoder, kept.encoder_digest)
    return any(
        shelf.missing(read_table(store, items, [TEXT_DIGEST])[TEXT_DIGEST].to_pylist())
        for shelf, items in zip(shelves, (kept.items, kept.passages), strict=True)
    )
