"""Items are encoded once, chunk by chunk, and kept with the night that read them."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tasks.items import encode
from tasks.items.contents import keep_contents, read_contents, stream_contents
from tasks.items.encode import ItemWindow, embed_items, encode_missing
from tasks.items.known import ENCODER_FILE, encoder_of
from tasks.items.looked import LookedAt
from tasks.reading.raw_feed import RawFeed
from tasks.store.embeddings import EmbeddingShelf, fixed_lists
from tasks.store.history import NightTable
from tasks.store.storage import (
    DamagedFileError,
    ModelRef,
    Ref,
    Store,
    keep_model,
    keep_table,
    read_table,
)
from tasks.vectors.items import WindowRef
from validation.tables.schemas import CONTENTS


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(root=tmp_path, feed="f", night=date(2026, 3, 1))


def contents(store: Store, **items: bytes) -> Ref:
    columns = {
        "text_digest": list(items),
        "media_type": ["image/png"] * len(items),
        "content": list(items.values()),
    }
    return keep_table(store, "made", pa.table(columns, schema=CONTENTS))


class Lengths:
    """An encoder whose vectors are the lengths of items; it notes what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def encode(self, items: Sequence[bytes]) -> np.ndarray:
        self.asked.append(len(items))
        return np.array([[len(it), 1.0] for it in items], dtype=np.float32)

    def save(self, path: Path) -> None:
        path.write_bytes(b"")


def test_only_tonights_items_are_kept(store: Store) -> None:
    raw = RawFeed(rows=contents(store), columns={}, metadata_types={})
    looked = LookedAt(raw=raw, contents=contents(store, a=b"1", b=b"2", c=b"3"))
    documents = keep_table(store, "made", pa.table({"text_digest": ["c", "a", "a"]}))
    night = NightTable(night=store.night, table=documents)
    kept = keep_contents.fn(store, looked, night).tables["contents"]
    assert read_table(store, kept)["text_digest"].to_pylist() == ["a", "c"]


def test_items_come_in_the_order_that_is_asked_for(store: Store) -> None:
    tables = [contents(store, a=b"1", b=b"2"), contents(store, c=b"3")]
    assert list(read_contents(store, tables, ["c", "a"]).items()) == [("c", b"3"), ("a", b"1")]


def test_items_are_streamed_once_each_in_the_order_of_their_tables(store: Store) -> None:
    tables = [contents(store, a=b"1", b=b"2"), contents(store, b=b"2", c=b"3")]
    found = stream_contents(store, tables, ["c", "b"])
    assert list(found) == [("b", b"2"), ("c", b"3")]


def test_an_item_that_is_nowhere_is_damage(store: Store) -> None:
    with pytest.raises(DamagedFileError, match="1 items of the window are in no table of contents"):
        read_contents(store, [contents(store, a=b"1")], ["a", "b"])


def test_what_lacks_a_vector_is_encoded_in_chunks(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encode, "CHUNK_ITEMS", 2)
    shelf, lengths = EmbeddingShelf(store.root, "images", "d"), Lengths()
    items = {"a": b"1", "b": b"22", "c": b"333"}
    encode_missing(shelf, items.items(), 3, lambda: lengths)
    assert lengths.asked == [2, 1]
    assert shelf.gather(["c", "a"])[:, 0].tolist() == [3, 1]


def test_vectors_of_items_say_where_their_views_end(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = Ref(path="p", sha256="ab" * 32, rows=0)
    items = pa.table({"embedding": fixed_lists(np.ones((2, 4), dtype=np.float32))})
    monkeypatch.setattr(encode, "vectors_of", lambda *_: (items, None))
    monkeypatch.setattr(encode, "keep_window", lambda *_: WindowRef(texts=ref, documents=ref))
    codec: Any = SimpleNamespace(
        name="series", load=lambda path, device: SimpleNamespace(view_dims=(3, 1))
    )
    learnt = keep_model(store, "encoder", lambda folder: (folder / ENCODER_FILE).write_bytes(b""))
    found = embed_items(store, ItemWindow(nights=[], contents=[]), learnt, codec, "cpu")
    assert (found.embedding_dim, found.item_dims) == (4, (3, 1))


def test_an_encoder_is_known_by_its_weights() -> None:
    learnt = ModelRef(files={ENCODER_FILE: Ref(path="p", sha256="ab" * 32, rows=0)})
    known = encoder_of("images", learnt)
    assert (known.name, known.digest) == ("images", "ab" * 32)
    assert encoder_of("images", None).digest == ""
