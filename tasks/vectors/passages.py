"""Cut the window's texts into passages, and embed each once in its life.

Reads  the window's texts
Writes embeddings/encoder=E-passages/ (text_digest, embedding), for good
       passages (PASSAGES); items (text_digest, embedding): the distinct ones, by first appearance
"""

import logging

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field

from tasks.frame.stage import stage
from tasks.preparing.texts.cleaning import text_digest
from tasks.store.embeddings import PASSAGES_SHELF, EmbeddingShelf
from tasks.store.storage import Ref, Store, keep_table, read_table
from tasks.vectors.chunks import Encoding
from tasks.vectors.embed import encoded
from tasks.vectors.encoder import EmbedSettings, EncoderRef, forget_encoder
from tasks.vectors.views import Views
from validation.tables.columns import EMBEDDING, NIGHT, POSITION, TEXT, TEXT_DIGEST
from validation.tables.stage_schemas import PASSAGES, WINDOW_TEXTS

logger = logging.getLogger(__name__)


class MentionSettings(BaseModel):
    """Whether documents are read passage by passage."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = Field(
        True,
        description="Find the themes of every passage of a document; off, a document has one theme."
        " Long texts that are new cost as much once more as their own vectors.",
    )


class Passages(BaseModel):
    """The passages of the texts that have several, and their vectors.

    A text of one passage has none here: its own vector and its cluster stand for it.
    """

    model_config = ConfigDict(frozen=True)

    passages: Ref
    items: Ref
    encoder_digest: str
    """Of the encoder that the vectors are of: a repair takes them from no other."""


@stage("passages", version=3, retries=2)
def cut_passages(
    store: Store,
    views: Views,
    encoder: EncoderRef,
    embedding: EmbedSettings,
    settings: MentionSettings,
    device: str = "auto",
) -> Passages:
    """Cut the window's texts into passages, and encode those that were never encoded before.

    A killed run resumes after its last saved chunk, as `tasks.vectors.embed` does.
    """
    found = _found(store, views) if settings.enabled else PASSAGES.empty_table()
    shelf = EmbeddingShelf(store.root, encoder.name, encoder.digest, PASSAGES_SHELF)
    distinct = distinct_texts(found)
    if len(distinct):
        items = encoded(shelf, distinct, Encoding(encoder, embedding, device))
    else:
        items = _no_items()
    forget_encoder()  # nothing embeds after this stage
    return Passages(
        passages=keep_table(store, "passages", found),
        items=keep_table(store, "passages", items),
        encoder_digest=encoder.digest,
    )


def _found(store: Store, views: Views) -> pa.Table:
    from models.text.language.told import ENGLISH

    texts = read_table(store, views.window.texts)
    found = passages_in(texts, next(iter(views.languages), ENGLISH))
    n_several = pc.count_distinct(found[POSITION]).as_py()
    logger.info(
        "%s of %s texts have several passages: %s",
        f"{n_several:,}", f"{len(texts):,}", f"{len(found):,}",
    )  # fmt: skip
    return found


def passages_in(texts: pa.Table, language: str) -> pa.Table:
    """Return the passages of those texts that have several, with the schema `PASSAGES`.

    Parameters
    ----------
    texts
        With the schema `WINDOW_TEXTS`.
    language
        That most of them are in.
    """
    from models.text.passages import passages

    rows: list[tuple[int, int, int, str, str, object]] = []
    nights = texts[NIGHT].to_pylist()
    for position, text in enumerate(texts[TEXT].to_pylist()):
        body = body_of(text)
        spans = passages(body, language)
        if len(spans) > 1:
            rows += [
                (
                    position,
                    *span,
                    said := body[slice(*span)],
                    text_digest(None, said),
                    nights[position],
                )
                for span in spans
            ]
    columns = zip(*rows, strict=True) if rows else [[]] * len(PASSAGES)
    return pa.table([list(column) for column in columns], schema=PASSAGES)


def distinct_texts(passages: pa.Table) -> pa.Table:
    """Return the distinct passages by first appearance, as texts with the schema `WINDOW_TEXTS`."""
    digests = passages[TEXT_DIGEST].combine_chunks()
    first = pc.index_in(digests.unique(), digests)
    return passages.take(first).select(WINDOW_TEXTS.names)


def body_of(text: str) -> str:
    """Return what follows the title in a text as it is embedded: neither holds a line break."""
    return text[text.rfind("\n") + 1 :]


def _no_items() -> pa.Table:
    empty = pa.array([], pa.float32())
    none = pa.FixedSizeListArray.from_arrays(empty, 1)
    return pa.table({TEXT_DIGEST: pa.array([], pa.string()), EMBEDDING: none})
