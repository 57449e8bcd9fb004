import numpy as np
import pytest
from sklearn.metrics import silhouette_samples, silhouette_score

from models.core.silhouette import SampledSilhouette


def partition(n_samples: int = 90) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(n_samples, 4)).astype(np.float32), rng.integers(0, 5, n_samples)


def test_on_all_rows_it_is_the_silhouette_of_scikit_learn() -> None:
    X, labels = partition()
    labels[0] = 77  # alone in its cluster, and the numbers have a gap
    judge = SampledSilhouette(X, np.random.default_rng(0), 1000)
    expected = silhouette_samples(X, labels)
    np.testing.assert_allclose(judge.samples(labels), expected[judge.rows], atol=1e-4)


def test_on_a_sample_it_is_the_silhouette_of_the_sample() -> None:
    X, labels = partition()
    judge = SampledSilhouette(X, np.random.default_rng(0), 40)
    assert len(judge.rows) == len(np.unique(judge.rows)) == 40
    expected = silhouette_score(X[judge.rows], labels[judge.rows])
    assert judge.score(labels) == pytest.approx(expected, abs=1e-4)


def test_one_cluster_scores_zero() -> None:
    X, labels = partition()
    assert SampledSilhouette(X, np.random.default_rng(0)).score(np.zeros_like(labels)) == 0


def test_identical_rows_score_zero() -> None:
    X = np.ones((6, 3), dtype=np.float32)
    judge = SampledSilhouette(X, np.random.default_rng(0))
    assert judge.score(np.arange(6) % 2) == pytest.approx(0, abs=1e-6)
