"""Embed every text once in its life.

Reads  documents of tonight and of the window
Writes embeddings/encoder=E/ (text_digest, embedding), for good
       items (text_digest, embedding): the distinct texts of the window, in order
"""

import logging
from collections.abc import Iterator

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from tasks.cleaning import embedded_text
from tasks.history import NightTable
from tasks.progress import Report, shown_progress
from tasks.shelf import EmbeddingShelf, fixed_lists
from tasks.stage import stage
from tasks.storage import Ref, Store, keep_table, read_tables
from validation.schemas import DOCUMENTS, EMBEDDING, TEXT, TEXT_DIGEST, TITLE

logger = logging.getLogger(__name__)

_CHUNK_TEXTS = 1024


class EncoderRef(BaseModel):
    """The encoder in use: its name for people, its digest for the cache, its folder for tonight."""

    model_config = ConfigDict(frozen=True)

    name: str
    digest: str
    folder: str = Field(exclude=True)


class EmbedSettings(BaseModel):
    """What costs speed and memory in the encoder, and how wide the lexical views are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    batch_size: int = Field(64, ge=1, description="Texts per forward pass.")
    lexical_dim: int = Field(300, ge=1, description="Width of each TF-IDF view after LSA.")


class Embedded(BaseModel):
    """The window's distinct texts as embeddings, in order of their first appearance."""

    model_config = ConfigDict(frozen=True)

    items: Ref
    embedding_dim: int
    encoder_digest: str


def encoder_ref(name: str) -> EncoderRef:
    """Find the encoder and the digest of what decides its vectors.

    Raises
    ------
    SettingError
        If it is not there, or its weights are not what they should be.
    """
    from models.encoder import find_encoder

    source = find_encoder(name)
    return EncoderRef(name=source.name, digest=source.digest, folder=str(source.folder))


@stage("embed", version=3, retries=2)
def embed(
    store: Store, window: list[NightTable], encoder: EncoderRef, settings: EmbedSettings
) -> Embedded:
    """Encode the texts that were never encoded before, and gather the window's vectors.

    A killed run resumes after its last saved chunk. The chunks depend on the texts alone, so the
    vectors come out bit for bit as if the run had not been killed.
    """
    groups = first_appearances(store, [night.table for night in window])
    digests = [digest for group in groups for digest in group]
    shelf = EmbeddingShelf(store.root, encoder.name, encoder.digest)
    with shown_progress("embed") as report:
        _encode_missing(shelf, groups, encoder, settings, report)
    vectors = shelf.gather(digests)
    items = pa.table([pa.array(digests), fixed_lists(vectors)], names=[TEXT_DIGEST, EMBEDDING])
    return Embedded(
        items=keep_table(store, "embed", items),
        embedding_dim=vectors.shape[1],
        encoder_digest=encoder.digest,
    )


def first_appearances(store: Store, nights: list[Ref]) -> list[dict[str, str]]:
    """Give, night by night, digest → text of the texts that come up for the first time."""
    known: set[str] = set()
    groups = []
    for night in nights:
        table = read_tables(store, [night], [TEXT_DIGEST, TITLE, TEXT], DOCUMENTS)
        rows = zip(*(table[name].to_pylist() for name in table.column_names), strict=True)
        group = {
            digest: embedded_text(title, text)
            for digest, title, text in rows
            if digest not in known
        }
        known |= group.keys()
        groups.append(group)
    return groups


def _encode_missing(
    shelf: EmbeddingShelf,
    groups: list[dict[str, str]],
    encoder: EncoderRef,
    settings: EmbedSettings,
    report: Report,
) -> None:
    from models.encoder import TextEncoder, find_encoder

    present = shelf.digests()
    chunks = [chunk for group in groups for chunk in _chunks(group) if not present >= set(chunk)]
    total = sum(len(chunk) for chunk in chunks)
    logger.info("%s texts to encode, %s are known", f"{total:,}", f"{len(present):,}")
    if not chunks:
        return
    model = TextEncoder(find_encoder(encoder.folder), batch_size=settings.batch_size)
    texts = {digest: text for group in groups for digest, text in group.items()}
    done = 0
    for chunk in chunks:
        report("encoding", done, total, float("nan"))
        vectors = model.encode([texts[digest] for digest in chunk])
        is_new = [digest not in present for digest in chunk]
        shelf.add(
            [digest for digest, new in zip(chunk, is_new, strict=True) if new], vectors[is_new]
        )
        done += len(chunk)


def _chunks(group: dict[str, str]) -> Iterator[list[str]]:
    from models.encoder import encoding_chunks

    digests = list(group)
    lengths = [len(text) for text in group.values()]
    for positions in encoding_chunks(lengths, digests, _CHUNK_TEXTS):
        yield [digests[position] for position in positions]
