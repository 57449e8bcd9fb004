"""Embed every text once in its life.

Reads  documents of tonight and of the window
Writes embeddings/encoder=E/ (text_digest, embedding), for good
       items (text_digest, embedding): the distinct texts of the window, in order
       the window's texts and documents, see `tasks.vectors.items`
"""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from models.core.arrays import in_16_bits
from models.encoding.kinds import (
    REFERENCE,
    STATIC,
    Backend,
    Dtype,
    Kind,
    KindRefusedError,
    kinds_in_turn,
)
from tasks.frame.mapper import Mapper
from tasks.frame.progress import Report, shown_progress
from tasks.frame.runner import mapper_for
from tasks.frame.stage import stage
from tasks.store.embeddings import EmbeddingShelf, fixed_lists
from tasks.store.history import NightTable
from tasks.store.storage import Ref, Store, keep_table
from tasks.vectors.chunks import Chunk, Encoding, cut_into_chunks
from tasks.vectors.elsewhere import encode_there
from tasks.vectors.encoder import EmbedSettings, EncoderRef, load_encoder
from tasks.vectors.items import Remarks, WindowRef, keep_window, lay_out_window, read_night
from validation.tables.columns import EMBEDDING, TEXT_DIGEST

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from models.encoding.text_encoder import Encoder

    _Encode = Callable[[Chunk], NDArray[np.float32]]

logger = logging.getLogger(__name__)


class Embedded(BaseModel):
    """The window's distinct texts as embeddings, in order of their first appearance."""

    model_config = ConfigDict(frozen=True)

    items: Ref
    window: WindowRef
    embedding_dim: int
    item_dims: tuple[int, ...] = ()
    """Widths of the views side by side in the vector of an item that is no text."""
    encoder_digest: str
    encoder_weights: str
    encoder_languages: tuple[str, ...] = ()
    backend: Backend = REFERENCE.backend
    dtype: Dtype = REFERENCE.dtype
    languages: dict[str, float] = {}
    """ISO 639-1 code → share of the texts; found where remarks are set apart."""
    remarks: Remarks | None = None
    """What was set apart; the rest is in `items` and `window`."""

    @property
    def kind(self) -> Kind:
        """How the vectors were computed, which need not be how they were to be."""
        return Kind(self.backend, self.dtype)


@stage("embed", version=6, retries=2)
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

    Where the encoder refuses the kind of vectors that "auto" has chosen, all texts of the window
    get vectors of the next kind, on a shelf of its own, and the log says why.

    Raises
    ------
    KindRefusedError
        If the encoder refuses all kinds that the settings allow.
    VectorsNotFiniteError
        If the encoder's weights are damaged; nothing is saved then.
    """
    laid_out = lay_out_window(read_night(store, night) for night in window)

    def vectors_by(encoder: EncoderRef) -> pa.Table:
        shelf = EmbeddingShelf(store.root, encoder.name, encoder.digest)
        return encoded(shelf, laid_out.texts, Encoding(encoder, settings, device))

    encoder, items = _first_that_works(encoder, settings, vectors_by)
    return Embedded(
        items=keep_table(store, "embed", items),
        window=keep_window(store, laid_out),
        embedding_dim=items.schema.field(EMBEDDING).type.list_size,
        encoder_digest=encoder.digest,
        encoder_weights=encoder.weights,
        encoder_languages=encoder.languages,
        backend=encoder.backend,
        dtype=encoder.dtype,
    )


def _first_that_works(
    encoder: EncoderRef, settings: EmbedSettings, vectors_by: Callable[[EncoderRef], pa.Table]
) -> tuple[EncoderRef, pa.Table]:
    """Embed by the first kind of vectors that the encoder does not refuse."""
    chosen, *others = kinds_in_turn(encoder.kind, settings.backend, settings.dtype)
    encoder = encoder.of_kind(chosen)
    for other in others:
        try:
            return encoder, vectors_by(encoder)
        except KindRefusedError as error:
            logger.warning("%s; the texts are embedded by %s instead", error, other)
            encoder = encoder.of_kind(other)
    return encoder, vectors_by(encoder)


def encoded(shelf: EmbeddingShelf, texts: pa.Table, how: Encoding) -> pa.Table:
    """Return digest and vector of every text; vectors that the shelf lacks are made and put there.

    Parameters
    ----------
    shelf
        Of the encoder.
    texts
        With the schema `WINDOW_TEXTS`.
    how
        The encoder is loaded only where a text lacks its vector.
    """
    digests = texts[TEXT_DIGEST].to_pylist()
    missing = shelf.missing(digests)
    logger.info("%s texts to encode, %s are known", f"{len(missing):,}", len(texts) - len(missing))
    if missing:
        chunks = cut_into_chunks(texts, missing, how.n_together())
        with shown_progress("embed") as report:
            # A static encoder is done with a chunk before it would have gone to a worker.
            n_shards = 1 if how.encoder.kind == STATIC else len(chunks)
            encode_chunks(shelf, chunks, how, mapper_for(n_shards), report)
    # An older nightfold has kept 32 bits, of which a text that is encoded now has 16.
    vectors = shelf.gather(digests)
    in_16_bits(vectors, out=vectors)
    return pa.table({TEXT_DIGEST: texts[TEXT_DIGEST], EMBEDDING: fixed_lists(vectors)})


def encode_chunks(
    shelf: EmbeddingShelf, chunks: Sequence[Chunk], how: Encoding, mapper: Mapper, report: Report
) -> None:
    """Encode the chunks, wherever the mapper works on them, and save each as it is done.

    They are saved by this process alone: no other one writes to the shelf.
    """
    total = sum(len(chunk.texts) for chunk in chunks)

    def tell(n_done: int) -> None:
        report("encoding", n_done, total, float("nan"))

    if mapper.is_here:
        encode: _Encode = _telling(load_encoder(*how), tell)
    else:
        encode = partial(encode_there, how.on_any_machine())
        tell(0)
    for chunk, vectors in zip(chunks, mapper.map(encode, chunks), strict=True):
        shelf.add(list(chunk.texts), vectors)
        if not mapper.is_here:
            tell(chunk.n_before + len(chunk.texts))


def _telling(encoder: "Encoder", tell: Callable[[int], None]) -> "_Encode":
    """Return what encodes a chunk in this process, and tells how far it is."""

    def encode(chunk: Chunk) -> "NDArray[np.float32]":
        tell(chunk.n_before)
        texts = list(chunk.texts.values())
        return encoder.encode(texts, progress=lambda n_done: tell(chunk.n_before + n_done))

    return encode
