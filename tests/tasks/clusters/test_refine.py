"""The second step of an estimator, and what it says of every row."""

from typing import Any

import numpy as np
import pytest

from tasks.clusters.refine import find_clusters, told_of
from tasks.store.embeddings import matrix_of

X = np.arange(8, dtype=np.float32).reshape(4, 2)


class Fake:
    """An estimator that remembers what it was asked for."""

    n_clusters_ = 2

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


@pytest.mark.parametrize(("finds_topics", "topics"), [(True, [7] * 4), (False, [0, 1, 0, 0])])
def test_a_row_has_the_topic_of_its_cluster_or_the_cluster_itself(
    finds_topics: bool, topics: list[int]
) -> None:
    fake: Any = Fake(finds_topics)
    found = told_of(fake, X)
    assert found["topic"].type == "int32"
    assert found["topic"].to_pylist() == topics
