"""Passages of the window's texts: which texts have several, and that each is embedded once."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tasks.preparing.texts.cleaning import text_digest
from tasks.store.embeddings import EmbeddingShelf
from tasks.store.storage import Store, keep_table, read_table
from tasks.vectors import embed
from tasks.vectors.encoder import EmbedSettings, EncoderRef
from tasks.vectors.items import WindowRef
from tasks.vectors.passages import (
    MentionSettings,
    cut_passages,
    distinct_texts,
    passages_in,
)
from tasks.vectors.views import Views
from validation.tables.stage_schemas import PASSAGES, WINDOW_DOCUMENTS, WINDOW_TEXTS

ENCODER = EncoderRef(name="E", digest="d" * 64, weights="w", folder="/models/E")
TWO = "The food was cold. Nobody came to our table."
TITLED = "Never again\nNobody came to our table. The bill was wrong, too."


def texts(*given: str, day: int = 1) -> pa.Table:
    nights = [date(2026, 3, day)] * len(given)
    digests = [text_digest(None, it) for it in given]
    return pa.table([digests, list(given), nights], schema=WINDOW_TEXTS)


class Counting:
    """An encoder that notes what it was given."""

    def __init__(self) -> None:
        self.given: list[str] = []

    def encode(
        self, texts: Sequence[str], *, progress: Callable[[int], None] | None = None
    ) -> np.ndarray:
        self.given += texts
        return np.array([[len(text), 1] for text in texts], dtype=np.float32)


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> Counting:
    made = Counting()
    monkeypatch.setattr(embed, "load_encoder", lambda *_: made)
    return made


def run(store: Store, *given: str, enabled: bool = True) -> tuple[pa.Table, pa.Table]:
    window = WindowRef(
        texts=keep_table(store, "t", texts(*given)),
        documents=keep_table(store, "t", WINDOW_DOCUMENTS.empty_table()),
    )
    settings = MentionSettings(enabled=enabled)
    views = Views(
        items=window.texts, window=window, embedding_dim=2, lexical_dims=(), encoder_digest="d",
        encoder_weights="w", n_known=0,
    )  # fmt: skip
    found: Any = cut_passages.fn(store, views, ENCODER, EmbedSettings(), settings)
    return read_table(store, found.passages), read_table(store, found.items)


def test_only_texts_of_several_passages_have_any_and_titles_are_none() -> None:
    found = passages_in(texts("Too loud.", TWO, TITLED), "en")
    assert found.schema.equals(PASSAGES)
    assert found["position"].to_pylist() == [1, 1, 2, 2]
    body = TITLED.split("\n")[1]
    row = found.to_pylist()[3]
    assert row["text"] == body[row["start"] : row["end"]] == "The bill was wrong, too."
    assert len(passages_in(texts("Too loud."), "en")) == 0


def test_a_passage_of_two_texts_is_one() -> None:
    found = distinct_texts(passages_in(texts(TWO, TITLED), "en"))
    assert found.schema.names == WINDOW_TEXTS.names
    assert found["text"].to_pylist() == [
        "The food was cold.",
        "Nobody came to our table.",
        "The bill was wrong, too.",
    ]


def test_a_passage_is_embedded_once_in_its_life(store: Store, encoder: Counting) -> None:
    passages, items = run(store, TWO)
    assert len(encoder.given) == len(passages) == 2
    assert items["embedding"].to_pylist() == [[18, 1], [25, 1]]
    _, items = run(store, TWO, TITLED)
    assert encoder.given[2:] == ["The bill was wrong, too."]
    assert items["embedding"].to_pylist() == [[18, 1], [25, 1], [24, 1]]


def test_passages_lie_apart_from_the_vectors_of_documents(store: Store, encoder: Counting) -> None:
    run(store, TWO)
    of_documents = EmbeddingShelf(store.root, ENCODER.name, ENCODER.digest)
    assert of_documents.parts() == []
    shelf = EmbeddingShelf(store.root, ENCODER.name, ENCODER.digest, "passages")
    assert shelf.folder.name == f"{of_documents.folder.name}-passages"
    assert shelf.missing([text_digest(None, "The food was cold.")]) == set()


def test_texts_of_one_passage_need_no_encoder(store: Store, encoder: Counting) -> None:
    passages, items = run(store, "Too loud.", "Fine")
    assert (len(passages), len(items), encoder.given) == (0, 0, [])


def test_switched_off_no_text_is_cut(store: Store, encoder: Counting) -> None:
    passages, items = run(store, TWO, enabled=False)
    assert (len(passages), len(items), encoder.given) == (0, 0, [])
