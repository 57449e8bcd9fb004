import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.metrics import adjusted_rand_score

from models.core.linkage import agglomerate


def points(n_samples: int = 60, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n_samples, 3)).astype(np.float32)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n_clusters", [1, 7, 59, 60])
def test_ward_of_single_rows_is_that_of_scipy(n_clusters: int, seed: int) -> None:
    X = points(seed=seed)
    expected = fcluster(linkage(X.astype(np.float64), "ward"), n_clusters, "maxclust")
    assert adjusted_rand_score(expected, agglomerate(X, np.arange(60), n_clusters, "ward")) == 1


@pytest.mark.parametrize("seed", range(3))
def test_average_of_single_rows_is_that_of_scipy_on_squared_distances(seed: int) -> None:
    X = points(seed=seed).astype(np.float64)
    tree = linkage(X, "average", metric="sqeuclidean")
    expected = fcluster(tree, 7, "maxclust")
    labels = agglomerate(X.astype(np.float32), np.arange(60), 7, "average")
    assert adjusted_rand_score(expected, labels) == 1


def test_sizes_of_micro_clusters_count() -> None:
    # Three means at 0, 1 and 2.1. Alike in size, 0 and 1 are nearest by Ward's rule; but a hundred
    # rows at 0 and at 1 make their merger dearer than that of 1 and the single row at 2.1.
    X = np.repeat([[0.0], [1.0], [2.1]], [100, 100, 1], axis=0).astype(np.float32)
    merged = agglomerate(X, np.repeat([0, 1, 2], [100, 100, 1]), 2, "ward")
    assert merged[0] != merged[100]
    assert merged[100] == merged[200]
    few = np.array([[0.0], [1.0], [2.1]], dtype=np.float32)
    alike = agglomerate(few, np.arange(3), 2, "ward")
    assert alike[0] == alike[1] != alike[2]


@pytest.mark.parametrize("kind", ["ward", "average"])
def test_a_micro_cluster_is_never_torn(kind: str) -> None:
    X, micro = points(), np.arange(60) % 12
    merged = agglomerate(X, micro, 5, kind)  # type: ignore[arg-type]
    assert len(np.unique(merged)) == 5
    assert len(set(zip(micro.tolist(), merged.tolist(), strict=True))) == 12
