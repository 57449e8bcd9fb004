"""The lexical views beside the embeddings: of tonight's window, or as an earlier night made them."""

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tasks.store.embeddings import fixed_lists, matrix_of
from tasks.store.storage import Store, keep_table, read_table
from tasks.vectors.embed import Embedded
from tasks.vectors.encoder import EmbedSettings
from tasks.vectors.items import WindowRef
from tasks.vectors.views import beside_embeddings, lay_out_views
from validation.tables.stage_schemas import WINDOW_DOCUMENTS, WINDOW_TEXTS

TEXTS = ["coffee machine leaks", "parcel came late", "coffee is cold", "parcel is lost"]
SETTINGS = EmbedSettings(lexical_dim=3)


class Lengths:
    """Views of one number: how long a text is."""

    def transform(self, texts: list[str]) -> Any:
        return np.array([[len(text)] for text in texts], dtype=np.float32)


@pytest.fixture
def embedded(store: Store) -> Embedded:
    nights = [date(2026, 3, 1)] * 3 + [store.night]
    digests = [f"{n:064x}" for n in range(4)]
    texts = pa.table([digests, pa.array(TEXTS, pa.large_string()), nights], schema=WINDOW_TEXTS)
    items = pa.table({"text_digest": digests, "embedding": fixed_lists(np.eye(4, 2))})
    return Embedded(
        items=keep_table(store, "t", items),
        window=WindowRef(
            texts=keep_table(store, "t", texts),
            documents=keep_table(store, "t", WINDOW_DOCUMENTS.empty_table()),
        ),
        embedding_dim=2,
        encoder_digest="e",
        encoder_weights="w",
    )


def test_the_views_stand_beside_the_embeddings_row_by_row() -> None:
    items = pa.table({"embedding": fixed_lists(np.eye(2, dtype=np.float32))})
    found = beside_embeddings(items, Lengths(), ["ab", "c"])  # type: ignore[arg-type]
    np.testing.assert_array_equal(matrix_of(found["lexical"]), [[2], [1]])
    np.testing.assert_array_equal(matrix_of(found["embedding"]), np.eye(2))


def test_views_are_fitted_on_the_window_and_taken_on_by_the_next_night(
    store: Store, embedded: Embedded
) -> None:
    first = lay_out_views.fn(store, embedded, None, SETTINGS, 0)
    assert first.n_known == 3
    assert first.dims == (2, *first.lexical_dims)
    second = lay_out_views.fn(store, embedded, first.models["lexical"], SETTINGS, 1)
    assert second.models == first.models
    assert read_table(store, second.items) == read_table(store, first.items)
