"""Embed every text once in its life.

Reads  documents of tonight and of the window
Writes embeddings/encoder=E/ (text_digest, embedding), for good
       items (text_digest, embedding): the distinct texts of the window, in order
"""

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from tasks.frame.progress import Report, shown_progress
from tasks.frame.stage import stage
from tasks.preparing.cleaning import embedded_text
from tasks.store.embeddings import EmbeddingShelf, fixed_lists
from tasks.store.history import NightTable
from tasks.store.storage import Ref, Store, keep_table, read_tables
from validation.schemas import DOCUMENTS, EMBEDDING, TEXT, TEXT_DIGEST, TITLE

if TYPE_CHECKING:
    from models.text.text_encoder import Encoder

logger = logging.getLogger(__name__)

_CHUNK_TEXTS: Final = 1024
"""What a killed run loses, at most; each chunk is a file."""


class EncoderRef(BaseModel):
    """The encoder in use: its name for people, its digest for the cache, its folder for tonight."""

    model_config = ConfigDict(frozen=True)

    name: str
    digest: str
    weights: str = ""
    """SHA-256 of the weights alone: what trust is measured for."""
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
    encoder_weights: str


def encoder_ref(name: str) -> EncoderRef:
    """Find the encoder and the digest of what decides its vectors.

    Raises
    ------
    SettingError
        If it is not there, or its weights are not what they should be.
    """
    from models.text.encoder import find_encoder

    source = find_encoder(name)
    return EncoderRef(
        name=source.name,
        digest=source.digest,
        weights=source.weights,
        folder=str(source.folder),
    )


@stage("embed", version=4, retries=2)
def embed(
    store: Store,
    window: list[NightTable],
    encoder: EncoderRef,
    settings: EmbedSettings,
    device: str = "auto",
) -> Embedded:
    """Encode the texts that were never encoded before, and gather the window's vectors.

    A killed run resumes after its last saved chunk. The chunks depend on the texts alone, so the
    vectors come out bit for bit as if the run had not been killed.

    Raises
    ------
    VectorsNotFiniteError
        If the encoder's weights are damaged; nothing is saved then.
    """
    groups = first_appearances(store, [night.table for night in window])
    digests = [digest for group in groups for digest in group]
    shelf = EmbeddingShelf(store.root, encoder.name, encoder.digest)
    missing = missing_texts(groups, set(digests) - shelf.missing(digests))
    n_missing = sum(map(len, missing))
    logger.info("%s texts to encode, %s are known", f"{n_missing:,}", len(digests) - n_missing)
    if n_missing:
        with shown_progress("embed") as report:
            encode_missing(shelf, missing, load_encoder(encoder, settings, device), report)
    vectors = shelf.gather(digests)
    items = pa.table([pa.array(digests), fixed_lists(vectors)], names=[TEXT_DIGEST, EMBEDDING])
    return Embedded(
        items=keep_table(store, "embed", items),
        embedding_dim=vectors.shape[1],
        encoder_digest=encoder.digest,
        encoder_weights=encoder.weights,
    )


def load_encoder(encoder: EncoderRef, settings: EmbedSettings, device: str) -> "Encoder":
    """Load the encoder onto the device that the estimator has, too."""
    from models.text.encoder import find_encoder
    from models.text.text_encoder import TextEncoder

    return TextEncoder(find_encoder(encoder.folder), device, settings.batch_size)


def first_appearances(store: Store, nights: list[Ref]) -> list[dict[str, str]]:
    """Return, night by night, digest → text of the texts that come up for the first time."""
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


def missing_texts(groups: list[dict[str, str]], known: set[str]) -> list[dict[str, str]]:
    """Return, night by night, digest → text of the texts that have no vector yet."""
    return [
        {digest: text for digest, text in group.items() if digest not in known} for group in groups
    ]


def encode_missing(
    shelf: EmbeddingShelf, missing: list[dict[str, str]], encoder: "Encoder", report: Report
) -> None:
    """Encode texts, night by night and chunk by chunk, and save each chunk.

    Each night by itself: where vectors of several nights are lost, they come back as they were.
    """
    total, done = sum(map(len, missing)), 0
    for group in missing:
        for chunk in _chunks(group):
            report("encoding", done, total, float("nan"))
            vectors = encoder.encode(
                [group[digest] for digest in chunk],
                progress=lambda n, before=done: report(  # type: ignore[misc]
                    "encoding", before + n, total, float("nan")
                ),
            )
            shelf.add(chunk, vectors)
            done += len(chunk)


def _chunks(group: dict[str, str]) -> Iterator[list[str]]:
    from models.text.encoder import encoding_chunks

    digests = list(group)
    lengths = [len(text) for text in group.values()]
    for positions in encoding_chunks(lengths, digests, _CHUNK_TEXTS):
        yield [digests[position] for position in positions]
