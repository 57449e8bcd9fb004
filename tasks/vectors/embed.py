"""Embed every text once in its life.

Reads  documents of tonight and of the window
Writes embeddings/encoder=E/ (text_digest, embedding), for good
       items (text_digest, embedding): the distinct texts of the window, in order
       the window's texts and documents, see `tasks.vectors.items`
"""

import logging
from collections.abc import Callable, Iterator
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from models.encoding.kinds import (
    REFERENCE,
    STATIC,
    Backend,
    Dtype,
    Kind,
    KindRefusedError,
    computes_on_cpu,
    kinds_in_turn,
)
from tasks.frame.mapper import InProcess, Mapper
from tasks.frame.progress import Report, shown_progress
from tasks.frame.stage import stage
from tasks.store.embeddings import EmbeddingShelf, fixed_lists
from tasks.store.history import NightTable
from tasks.store.storage import Ref, Store, keep_table
from tasks.vectors.encoder import EmbedSettings, EncoderRef, load_encoder
from tasks.vectors.items import Remarks, WindowRef, keep_window, lay_out_window, read_night
from validation.tables.columns import EMBEDDING, NIGHT, TEXT, TEXT_DIGEST

if TYPE_CHECKING:
    from models.encoding.text_encoder import Encoder

logger = logging.getLogger(__name__)

_CHUNK_TEXTS: Final = 1024
"""What a killed run loses, at most; each chunk is a file."""

_CHUNK_TEXTS_OF_FAST: Final = 16_384
"""An accelerator or a static encoder makes as many vectors in a second; smaller chunks would leave
an accelerator waiting for the first tokens of each, and a feed of a million texts with a thousand
files."""


class Embedded(BaseModel):
    """The window's distinct texts as embeddings, in order of their first appearance."""

    model_config = ConfigDict(frozen=True)

    items: Ref
    window: WindowRef
    embedding_dim: int
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


class Chunk(NamedTuple):
    """Texts that are encoded together, by their digests, and how many were to come before them."""

    texts: dict[str, str]
    n_before: int


@stage("embed", version=5, retries=2)
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
    mapper = InProcess()
    laid_out = lay_out_window(mapper.map(partial(read_night, store), window))

    def vectors_by(encoder: EncoderRef) -> pa.Table:
        shelf = EmbeddingShelf(store.root, encoder.name, encoder.digest)
        make = partial(load_encoder, encoder, settings, device)
        return encoded(shelf, laid_out.texts, make, mapper, chunk_texts(encoder.kind, device))

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


def encoded(
    shelf: EmbeddingShelf,
    texts: pa.Table,
    make: Callable[[], "Encoder"],
    mapper: Mapper,
    n_together: int,
) -> pa.Table:
    """Return digest and vector of every text; vectors that the shelf lacks are made and put there.

    Parameters
    ----------
    shelf
        Of the encoder.
    texts
        With the schema `WINDOW_TEXTS`.
    make
        Loads the encoder; called only where a text lacks its vector.
    mapper
        Works on the chunks.
    n_together
        See `chunk_texts`.
    """
    digests = texts[TEXT_DIGEST].to_pylist()
    missing = shelf.missing(digests)
    logger.info("%s texts to encode, %s are known", f"{len(missing):,}", len(texts) - len(missing))
    if missing:
        chunks = cut_into_chunks(texts, missing, n_together)
        with shown_progress("embed") as report:
            encode_chunks(shelf, chunks, make(), mapper, report)
    vectors = shelf.gather(digests)
    return pa.table({TEXT_DIGEST: texts[TEXT_DIGEST], EMBEDDING: fixed_lists(vectors)})


def chunk_texts(kind: Kind, device: str) -> int:
    """Return how many texts are saved together: more where vectors are made fast."""
    is_fast = kind == STATIC or not computes_on_cpu(device)
    return _CHUNK_TEXTS_OF_FAST if is_fast else _CHUNK_TEXTS


def cut_into_chunks(texts: pa.Table, missing: set[str], n_together: int) -> list[Chunk]:
    """Cut the texts that have no vector yet into chunks, night by night.

    Each night by itself: where vectors of several nights are lost, they come back as they were.

    Parameters
    ----------
    texts
        With the schema `WINDOW_TEXTS`.
    missing
        Digests of the texts that have no vector.
    n_together
        Texts of a chunk, at most; see `chunk_texts`.
    """
    is_missing = [digest in missing for digest in texts[TEXT_DIGEST].to_pylist()]
    lacking = texts.filter(pa.array(is_missing, pa.bool_()))
    columns = (lacking[name].to_pylist() for name in (NIGHT, TEXT_DIGEST, TEXT))
    chunks: list[Chunk] = []
    n_before = 0
    for _, rows in groupby(zip(*columns, strict=True), key=itemgetter(0)):
        for chunk in _cut({digest: text for _, digest, text in rows}, n_together):
            chunks.append(Chunk(chunk, n_before))
            n_before += len(chunk)
    return chunks


def encode_chunks(
    shelf: EmbeddingShelf, chunks: list[Chunk], encoder: "Encoder", mapper: Mapper, report: Report
) -> None:
    """Encode the chunks, wherever the mapper works on them, and save each as it is done."""
    total = sum(len(chunk.texts) for chunk in chunks)

    def encode(chunk: Chunk) -> None:
        def tell(n_done: int) -> None:
            report("encoding", chunk.n_before + n_done, total, float("nan"))

        tell(0)
        shelf.add(list(chunk.texts), encoder.encode(list(chunk.texts.values()), progress=tell))

    mapper.map(encode, chunks)


def _cut(texts: dict[str, str], n_together: int) -> Iterator[dict[str, str]]:
    """Cut the texts of a night, by their digests, as `encoding_chunks` says."""
    from models.encoding.encoder import encoding_chunks

    digests = list(texts)
    lengths = [len(text) for text in texts.values()]
    for positions in encoding_chunks(lengths, digests, n_together):
        chunk = [digests[position] for position in positions]
        yield {digest: texts[digest] for digest in chunk}
