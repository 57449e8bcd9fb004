"""The second step of an estimator, and what it says of every row."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tasks.clusters import refine as module
from tasks.clusters.estimators import ClusteringSettings
from tasks.clusters.refine import find_clusters, let_words_decide, told_of
from tasks.store.embeddings import matrix_of
from tasks.store.storage import Store
from tasks.vectors.items import Window

X = np.arange(8, dtype=np.float32).reshape(4, 2)


class Fake:
    """An estimator that remembers what it was asked for."""

    n_clusters_ = 2
    uses_views = False

    def __init__(self, finds_topics: bool = True) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.finds_topics = finds_topics
        self.topics_ = np.array([7, 7])
        self.soft_assignments_ = np.array([[0.7, 0.3], [0.4, 0.6], [0.9, 0.1], [0.5, 0.5]])
        self.labels_ = self.soft_assignments_.argmax(axis=1)

    def refine(self, X: Any, *, progress: Any) -> None:
        self.asked.append(("refine", len(X)))

    def continue_refinement(self, X: Any, *, progress: Any) -> None:
        self.asked.append(("continue_refinement", len(X)))

    def transform(self, X: Any) -> Any:
        return -X


def silent(*_: Any) -> None:
    pass


@pytest.mark.parametrize(("goes_on", "step"), [(False, "refine"), (True, "continue_refinement")])
def test_every_row_has_label_confidence_margin_and_latent_vector(goes_on: bool, step: str) -> None:
    fake: Any = Fake()
    find_clusters(fake, X, goes_on, silent)
    found = told_of(fake, X)
    assert fake.asked == [(step, 4)]
    assert found["label"].to_pylist() == [0, 1, 0, 0]
    assert found["label"].type == "int32"
    np.testing.assert_allclose(found["confidence"].to_numpy(), [0.7, 0.6, 0.9, 0.5])
    np.testing.assert_allclose(found["margin"].to_numpy(), [0.4, 0.2, 0.8, 0], atol=1e-6)
    np.testing.assert_array_equal(matrix_of(found["latent"]), -X)


def test_rows_are_not_encoded_again_where_the_estimator_knows_where_they_lie() -> None:
    fake: Any = Fake()
    fake.uses_views, fake.latent_ = True, 2 * X
    np.testing.assert_array_equal(matrix_of(told_of(fake, X)["latent"]), 2 * X)


@pytest.mark.parametrize(("finds_topics", "topics"), [(True, [7] * 4), (False, [0, 1, 0, 0])])
def test_a_row_has_the_topic_of_its_cluster_or_the_cluster_itself(
    finds_topics: bool, topics: list[int]
) -> None:
    fake: Any = Fake(finds_topics)
    found = told_of(fake, X)
    assert found["topic"].type == "int32"
    assert found["topic"].to_pylist() == topics


def test_words_decide_of_texts_that_the_estimator_is_not_sure_of() -> None:
    colours = ("red", "blue", "green", "black")
    texts = [f"battery {it}" for it in colours] + [f"parcel {it}" for it in colours] + ["parcel"]
    fake: Any = Fake()
    fake.soft_assignments_ = np.array([[1, 0]] * 4 + [[0, 1]] * 4 + [[0.6, 0.4]])
    fake.labels_ = fake.soft_assignments_.argmax(axis=1)
    documents = pa.table({"position": [*range(9), 8]})
    let_words_decide(fake, Window(pa.table({"text": texts}), documents), ("en",))
    assert fake.labels_.tolist() == [0] * 4 + [1] * 5
    np.testing.assert_allclose(fake.soft_assignments_[-1], 0.5, atol=1e-5)
    assert told_of(fake, np.zeros((9, 2), np.float32))["margin"].to_pylist()[-1] < 1e-5


class Reached(Exception):  # noqa: N818 -- no error
    """The step was asked for."""


@pytest.mark.parametrize("are_texts", [True, False])
@pytest.mark.parametrize("uses_views", [True, False])
def test_words_decide_of_texts_alone_and_where_the_estimator_looks_at_words(
    store: Store, monkeypatch: pytest.MonkeyPatch, are_texts: bool, uses_views: bool
) -> None:
    def decide(*_: Any) -> None:
        raise Reached("words")

    def tell(*_: Any) -> None:
        raise Reached("told")

    fake: Any = Fake()
    fake.uses_views = uses_views
    monkeypatch.setattr(module, "read_features", lambda *_: X)
    monkeypatch.setattr(module, "load_model", lambda *_: fake)
    monkeypatch.setattr(module, "read_window", lambda *_: None)
    monkeypatch.setattr(module, "let_words_decide", decide)
    monkeypatch.setattr(module, "told_of", tell)
    views: Any = SimpleNamespace(are_texts=are_texts, window=None, languages={})
    with pytest.raises(Reached, match="words" if are_texts and uses_views else "told"):
        module.refine.fn(store, views, None, False, ClusteringSettings())  # type: ignore[arg-type]
