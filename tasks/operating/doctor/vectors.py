"""Look for published documents whose vector is gone, and bring it back from the stage files.

Reads  documents of published nights, embeddings/encoder=E/, the cache's records and stage files
Writes embeddings/encoder=E/ (text_digest, embedding), where a finding is repaired
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tasks.operating.doctor.finding import Finding, file_problem
from tasks.operating.doctor.night import remedy_of
from tasks.operating.doctor.state import embedding_problem
from tasks.store.embeddings import EmbeddingShelf, read_part
from tasks.store.manifests import ManifestError
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
    """

    found: dict[Path, set[str]] = field(default_factory=dict)

    def digests(self, shelf: EmbeddingShelf) -> set[str]:
        """Return the texts on a shelf, without those in files that are damaged."""
        if shelf.folder not in self.found:
            parts = (path for path in shelf.parts() if not embedding_problem(path))
            tables = (read_part(path, [TEXT_DIGEST]) for path in parts)
            self.found[shelf.folder] = {
                digest for table in tables for digest in table[TEXT_DIGEST].to_pylist()
            }
        return self.found[shelf.folder]


def find_lost_vectors(nights: Iterable[Store]) -> Iterator[Finding]:
    """Find the documents of some nights that have no vector of their night's encoder.

    A night that cannot be read is a finding of its own and is passed over here.
    """
    shelves = Shelves()
    for night in nights:
        with suppress(ManifestError):
            yield from _examine_vectors(night, shelves)


def _examine_vectors(store: Store, shelves: Shelves) -> Iterator[Finding]:
    manifest = store.read_manifest()
    encoder, documents = manifest.encoder, manifest.tables.get("documents")
    if documents is None or file_problem(store, documents):
        return
    shelf = EmbeddingShelf(store.root, encoder.name, encoder.digest)
    texts = set(read_table(store, documents, [TEXT_DIGEST])[TEXT_DIGEST].to_pylist())
    lost = texts - shelves.digests(shelf)
    if not lost:
        return
    copies = [
        ref
        for ref in vector_copies(store, encoder.digest)
        if not lost.isdisjoint(read_table(store, ref, [TEXT_DIGEST])[TEXT_DIGEST].to_pylist())
    ]
    yield Finding(
        shelf.folder.relative_to(store.root).as_posix(),
        "vectors",
        f"{len(lost):,} texts of night {store.night} of feed {store.feed} have none",
        "" if copies else remedy_of(store),
        mend=partial(bring_back, store, shelf, lost, copies) if copies else None,
    )


def vector_copies(store: Store, encoder_digest: str) -> Iterator[Ref]:
    """Find the intact stage files with vectors of an encoder, as the records of `embed` say."""
    for path in sorted((store.state / "results").rglob("embed-v*")):
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
