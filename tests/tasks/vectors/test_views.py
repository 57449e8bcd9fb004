"""The lexical views beside the embeddings: of tonight's window, or as an earlier night made them."""

from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.core.arrays import AnyFloats
from models.text.lexical.views import LexicalViews
from tasks.items.views import views_of
from tasks.store.embeddings import fixed_lists
from tasks.store.storage import Store, keep_table, load_model
from tasks.vectors import views as module
from tasks.vectors.embed import Embedded
from tasks.vectors.encoder import EmbedSettings
from tasks.vectors.items import WindowRef
from tasks.vectors.matrices import read_matrix
from tasks.vectors.views import Views, cut_by_length, lay_out_views
from validation.tables.stage_schemas import WINDOW_DOCUMENTS, WINDOW_TEXTS

TEXTS = ["coffee machine leaks", "parcel came late", "coffee is cold", "parcel is lost"]
SETTINGS = EmbedSettings(lexical_dim=3)


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


def _lexical(store: Store, views: Views) -> AnyFloats:
    assert views.lexical is not None
    return read_matrix(store, views.lexical, "lexical")


def test_the_views_stand_beside_the_embeddings_row_by_row(store: Store, embedded: Embedded) -> None:
    views = lay_out_views.fn(store, embedded, None, SETTINGS, 0)
    assert views.items == embedded.items, "the embeddings are kept twice"
    lexical = load_model(store, views.models["lexical"], LexicalViews.load).transform(TEXTS)
    np.testing.assert_array_equal(_lexical(store, views), lexical)


def test_views_are_fitted_on_the_window_and_taken_on_by_the_next_night(
    store: Store, embedded: Embedded
) -> None:
    first = lay_out_views.fn(store, embedded, None, SETTINGS, 0)
    assert first.n_known == 3
    assert first.dims == (2, *first.lexical_dims)
    second = lay_out_views.fn(store, embedded, first.models["lexical"], SETTINGS, 1)
    assert second.models == first.models
    np.testing.assert_array_equal(_lexical(store, second), _lexical(store, first))


@pytest.mark.parametrize(("item_dims", "expected"), [((1, 1), (1, 1)), ((), (2,))])
def test_the_views_of_an_item_stand_side_by_side_in_its_vector(
    store: Store, embedded: Embedded, item_dims: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    found = views_of(store, embedded.model_copy(update={"item_dims": item_dims}))
    assert (found.dims, found.are_texts, found.n_known) == (expected, False, 3)


@given(st.lists(st.text("ab", max_size=6), max_size=30), st.integers(1, 9), st.integers(1, 5))
def test_shards_of_texts_hold_each_once_in_order(
    texts: list[str], n_chars: int, n_texts: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_SHARD_CHARS", n_chars)
        patch.setattr(module, "_SHARD_TEXTS", n_texts)
        shards = [texts[it] for it in cut_by_length(texts)]
    assert [text for shard in shards for text in shard] == texts
    assert all(len(shard) <= n_texts for shard in shards)
    # The last text of a shard is the one that makes it long enough.
    assert all(sum(map(len, shard[:-1])) < n_chars for shard in shards)


def test_a_text_has_the_same_view_whatever_shard_it_is_in(
    store: Store, embedded: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = lay_out_views.fn(store, embedded, None, SETTINGS, 0)
    monkeypatch.setattr(module, "_SHARD_TEXTS", 1)
    cut = lay_out_views.fn(store, embedded, None, SETTINGS, 0)
    np.testing.assert_array_equal(_lexical(store, cut), _lexical(store, whole))
