"""Embed every text once in its life, and fit the lexical views of tonight's window beside it.

Reads  documents of tonight and of the window
Writes embeddings/encoder=E/ (text_digest, embedding), for good
       items (text_digest, embedding, lexical): the distinct texts of the window, in order
"""

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from tasks.cleaning import embedded_text
from tasks.history import NightTable
from tasks.progress import Report, shown_progress
from tasks.shelf import EmbeddingShelf, fixed_lists
from tasks.stage import stage
from tasks.storage import ModelRef, Ref, Store, keep_folder, keep_table, read_tables, scratch_folder
from validation.schemas import DOCUMENTS, EMBEDDING, LEXICAL, TEXT, TEXT_DIGEST, TITLE

if TYPE_CHECKING:
    from models.lexical_views import LexicalViews

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


class Views(BaseModel):
    """The window's distinct texts as vectors."""

    model_config = ConfigDict(frozen=True)

    items: Ref
    lexical: ModelRef
    embedding_dim: int
    lexical_dims: tuple[int, ...]
    encoder_digest: str


def encoder_ref(name: str) -> EncoderRef:
    """Find the encoder and the digest of what decides its vectors.

    Raises
    ------
    ValueError
        If it is not there, or its weights are not what they should be.
    """
    from models.encoder import find_encoder

    source = find_encoder(name)
    return EncoderRef(name=source.name, digest=source.digest, folder=str(source.folder))


@stage("embed", version=2, retries=2)
def embed(
    store: Store,
    window: list[NightTable],
    encoder: EncoderRef,
    settings: EmbedSettings,
    random_state: int,
) -> Views:
    """Encode the texts that were never encoded before, and lay out the window's vectors.

    A killed run resumes after its last saved chunk. The chunks depend on the texts alone, so the
    vectors come out bit for bit as if the run had not been killed.
    """
    groups = _first_appearances(store, [night.table for night in window])
    texts = {digest: text for group in groups for digest, text in group.items()}
    shelf = EmbeddingShelf(store.root, encoder.name, encoder.digest)
    with shown_progress("embed") as report:
        _encode_missing(shelf, groups, encoder, settings, report)
        report("lexical views", 0, 1, float("nan"))
        views = _lexical_views(list(texts.values()), settings, random_state)
        lexical = views.transform(list(texts.values()))
    vectors = shelf.gather(list(texts))
    items = pa.table(
        [pa.array(list(texts)), fixed_lists(vectors), fixed_lists(lexical)],
        names=[TEXT_DIGEST, EMBEDDING, LEXICAL],
    )
    return Views(
        items=keep_table(store, "embed", items),
        lexical=_keep(store, views),
        embedding_dim=vectors.shape[1],
        lexical_dims=views.dims,
        encoder_digest=encoder.digest,
    )


def _first_appearances(store: Store, nights: list[Ref]) -> list[dict[str, str]]:
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


def _lexical_views(texts: list[str], settings: EmbedSettings, random_state: int) -> "LexicalViews":
    from models.lexical_views import LexicalViews

    return LexicalViews(settings.lexical_dim, random_state).fit(texts)


def _keep(store: Store, views: "LexicalViews") -> ModelRef:
    with scratch_folder(store) as folder:
        views.save(folder)
        return keep_folder(store, "embed", folder)
