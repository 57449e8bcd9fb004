"""Encode items by an encoder that was learnt from such items, each once in its life.

Pure work on digests and bytes; the stages of a kind of item are in the room of that kind.
"""

from collections.abc import Callable, Iterable
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import Final

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from tasks.frame.progress import shown_progress
from tasks.items.base import ItemCodec, LearntEncoder
from tasks.items.contents import stream_contents
from tasks.items.known import ENCODER_FILE, encoder_of
from tasks.store.embeddings import EmbeddingShelf, fixed_lists
from tasks.store.history import NightTable
from tasks.store.storage import ModelRef, Ref, Store, keep_table, load_model
from tasks.vectors.embed import Embedded
from tasks.vectors.encoder import EncoderRef
from tasks.vectors.items import Window, keep_window, lay_out_window, read_night
from validation.tables.columns import EMBEDDING, TEXT_DIGEST

CHUNK_ITEMS: Final = 1024
"""What a killed run loses, at most; each chunk is a file."""


class ItemWindow(BaseModel):
    """The nights of a window, and where the items of their documents are."""

    model_config = ConfigDict(frozen=True)

    nights: list[NightTable]
    contents: list[Ref]


def embed_items(
    store: Store, window: ItemWindow, learnt: ModelRef, codec: ItemCodec, device: str
) -> Embedded:
    """Gather the vectors of the window's items; see `vectors_of`."""
    load = cache(partial(load_encoder, store, learnt, codec, device))
    encoder = encoder_of(codec.name, learnt)
    items, laid_out = vectors_of(store, window, encoder, load)
    return Embedded(
        items=keep_table(store, "embed", items),
        window=keep_window(store, laid_out),
        embedding_dim=items.schema.field(EMBEDDING).type.list_size,
        item_dims=load().view_dims,
        encoder_digest=encoder.digest,
        encoder_weights=encoder.weights,
    )


def vectors_of(
    store: Store, window: ItemWindow, encoder: EncoderRef, load: Callable[[], LearntEncoder]
) -> tuple[pa.Table, Window]:
    """Return the vectors of the window's items, and the window; what lacks one is encoded.

    A killed run goes on after its last chunk. A vector depends on its item alone, and on its chunk
    in its last bits; the chunks depend on the items and the order of their tables alone.
    """
    laid_out = lay_out_window([read_night(store, night) for night in window.nights])
    shelf = EmbeddingShelf(store.root, encoder.name, encoder.digest)
    digests = laid_out.texts[TEXT_DIGEST].to_pylist()
    missing = shelf.missing(digests)
    if missing:
        items = stream_contents(store, window.contents, missing)
        encode_missing(shelf, items, len(missing), load)
    vectors = fixed_lists(shelf.gather(digests))
    return pa.table({TEXT_DIGEST: laid_out.texts[TEXT_DIGEST], EMBEDDING: vectors}), laid_out


def encode_missing(
    shelf: EmbeddingShelf,
    items: Iterable[tuple[str, bytes]],
    n_items: int,
    load: Callable[[], LearntEncoder],
) -> None:
    """Encode so many items with their digests, chunk by chunk, and save each as it is done."""
    encoder, left = load(), iter(items)
    with shown_progress("embed") as report:
        n_done = 0
        while chunk := dict(islice(left, CHUNK_ITEMS)):
            shelf.add(list(chunk), encoder.encode(list(chunk.values())))
            n_done += len(chunk)
            report("encoding", n_done, n_items, float("nan"))


def load_encoder(store: Store, learnt: ModelRef, codec: ItemCodec, device: str) -> LearntEncoder:
    """Load a learnt encoder."""

    def load(folder: Path) -> LearntEncoder:
        return codec.load(folder / ENCODER_FILE, device)

    return load_model(store, learnt, load)
