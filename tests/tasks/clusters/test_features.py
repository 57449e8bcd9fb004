"""What an estimator clusters: the embeddings, and the lexical views for those that use them."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from models.core.arrays import in_16_bits
from tasks.clusters.estimators import ClusteringSettings
from tasks.clusters.features import read_features
from tasks.store.embeddings import fixed_lists
from tasks.store.storage import Store, keep_table
from tasks.vectors.items import WindowRef
from tasks.vectors.views import Views

RNG = np.random.default_rng(0)
EMBEDDING, LEXICAL = (in_16_bits(RNG.normal(size=(6, width))) for width in (3, 2))


@pytest.fixture
def views(store: Store) -> Views:
    items = pa.table({"text_digest": list("abcdef"), "embedding": fixed_lists(EMBEDDING)})
    lexical = pa.table({"lexical": fixed_lists(LEXICAL)})
    kept = keep_table(store, "t", items)
    return Views(
        items=kept,
        lexical=keep_table(store, "t", lexical),
        window=WindowRef(texts=kept, documents=kept),
        embedding_dim=3,
        lexical_dims=(2,),
        encoder_digest="e",
        encoder_weights="w",
        n_known=0,
    )


@pytest.mark.parametrize(
    ("estimator", "expected"),
    [("nightfold", np.hstack([EMBEDDING, LEXICAL])), ("k-means", EMBEDDING)],
)
def test_only_an_estimator_that_uses_them_gets_the_lexical_views(
    store: Store, views: Views, estimator: Any, expected: Any
) -> None:
    found = read_features(store, views, ClusteringSettings(estimator=estimator))
    np.testing.assert_array_equal(found, expected)


def test_vectors_beside_lexical_views_take_16_bits_and_those_of_items_all(
    store: Store, views: Views
) -> None:
    settings = ClusteringSettings()
    assert read_features(store, views, settings).dtype == np.float16
    of_items = views.model_copy(update={"lexical": None})
    found = read_features(store, of_items, settings)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, EMBEDDING)
