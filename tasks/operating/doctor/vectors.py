"""Look for published documents and passages whose vector is gone, and bring it back.

Reads  documents and mentions of published nights, embeddings/encoder=E/ and E-passages/,
       the cache's records and stage files
Writes embeddings/ (text_digest, embedding), where a finding is repaired
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tasks.mentions.shelved import passage_digests
from tasks.operating.doctor.finding import Finding, file_problem
from tasks.operating.doctor.night import can_be_run_again, remedy_of
from tasks.operating.doctor.state import embedding_problem
from tasks.store.embeddings import EmbeddingShelf, read_part, shelves_of
from tasks.store.manifests import Manifest, ManifestError
from tasks.store.records import UNREADABLE, read_record
from tasks.store.storage import Ref, Store, is_intact, read_table
from validation.tables.columns import EMBEDDING, TEXT_DIGEST


@dataclass
class Shelves:
    """Which texts have an intact vector, encoder by encoder, each looked up once.

    Parameters
    ----------
    found
        Folder of an encoder → text digests.
    said
        Folder of an encoder → those that a night is said to lack: one that has them in its window
        is not to be run again for them, too.
    """

    found: dict[Path, set[str]] = field(default_factory=dict)
    said: dict[Path, set[str]] = field(default_factory=dict)

    def lost(self, shelf: EmbeddingShelf, digests: set[str]) -> set[str]:
        """Return those of some texts that are not on a shelf, and say so once."""
        said = self.said.setdefault(shelf.folder, set())
        lost = digests - self.digests(shelf) - said
        said |= lost
        return lost

    def digests(self, shelf: EmbeddingShelf) -> set[str]:
        """Return the texts on a shelf, without those in files that are damaged."""
        if shelf.folder not in self.found:
            parts = (path for path in shelf.parts() if not embedding_problem(path))
            tables = (read_part(path, [TEXT_DIGEST]) for path in parts)
            self.found[shelf.folder] = {
                digest for table in tables for digest in table[TEXT_DIGEST].to_pylist()
            }
        return self.found[shelf.folder]


@dataclass(frozen=True)
class Shelved:
    """Texts of a night that must have vectors.

    Parameters
    ----------
    shelf
        Where these are.
    digests
        Of the texts.
    what
        They are called.
    stage
        Whose cached results hold their vectors, too.
    """

    shelf: EmbeddingShelf
    digests: set[str]
    what: str
    stage: str


def find_lost_vectors(nights: Iterable[Store]) -> Iterator[Finding]:
    """Find the documents of some nights, and their passages, that have no vector.

    A night that cannot be read is a finding of its own and is passed over here.
    """
    shelves = Shelves()
    for night in nights:
        with suppress(ManifestError):
            manifest = night.read_manifest()
            for shelved in _shelved(night, manifest):
                yield from _examine_vectors(night, manifest.encoder.digest, shelved, shelves)


def _shelved(store: Store, manifest: Manifest) -> Iterator[Shelved]:
    """Yield what of a night has vectors of its encoder, as far as its tables can be read."""
    of_texts, of_passages = shelves_of(store.root, manifest.encoder.name, manifest.encoder.digest)
    if documents := _readable(store, manifest, "documents"):
        texts = set(read_table(store, documents, [TEXT_DIGEST])[TEXT_DIGEST].to_pylist())
        yield Shelved(of_texts, texts, "texts", "embed")
    if mentions := _readable(store, manifest, "mentions"):
        yield Shelved(of_passages, passage_digests(store, mentions), "passages", "passages")


def _readable(store: Store, manifest: Manifest, table: str) -> Ref | None:
    """Return a table of a night, if it has one that is intact."""
    ref = manifest.tables.get(table)
    return None if ref is None or file_problem(store, ref) else ref


def _examine_vectors(
    store: Store, encoder_digest: str, shelved: Shelved, shelves: Shelves
) -> Iterator[Finding]:
    lost = shelves.lost(shelved.shelf, shelved.digests)
    if not lost:
        return
    copies = [
        ref
        for ref in vector_copies(store, shelved.stage, encoder_digest)
        if not lost.isdisjoint(read_table(store, ref, [TEXT_DIGEST])[TEXT_DIGEST].to_pylist())
    ]
    yield Finding(
        shelved.shelf.folder.relative_to(store.root).as_posix(),
        "vectors",
        f"{len(lost):,} {shelved.what} of night {store.night} of feed {store.feed} have none",
        "" if copies else _remedy(store),
        mend=partial(bring_back, store, shelved.shelf, lost, copies) if copies else None,
    )


def _remedy(store: Store) -> str:
    """Return how the texts of a night get their vectors where there is no copy."""
    if can_be_run_again(store):
        return remedy_of(store)
    return (
        "bring them back from a backup; a later night that has these texts in its window embeds"
        " them when it is run again"
    )


def vector_copies(store: Store, stage: str, encoder_digest: str) -> Iterator[Ref]:
    """Find the intact stage files with vectors of an encoder, as the records of a stage say."""
    for path in sorted((store.state / "results").rglob(f"{stage}-v*")):
        # A record that cannot be read is a finding of its own.
        with suppress(*UNREADABLE):
            made: dict[str, Any] = read_record(path)["data"]
            items = Ref.model_validate(made["items"])
            if made["encoder_digest"] == encoder_digest and is_intact(store, items):
                yield items


def bring_back(
    store: Store, shelf: EmbeddingShelf, lost: Iterable[str], copies: Sequence[Ref]
) -> None:
    """Put lost vectors back on their shelf, bit for bit, as far as there are copies."""
    wanted = pa.array(sorted(lost), pa.string())
    for ref in copies:
        table = read_table(store, ref, [TEXT_DIGEST, EMBEDDING])
        shelf.complete(table.filter(pc.is_in(table[TEXT_DIGEST], wanted)))
