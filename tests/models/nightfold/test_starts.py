import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score

from models.core.arrays import Integers
from models.core.lloyd import indicator
from models.core.silhouette import SampledSilhouette
from models.nightfold.starts import RUNS, Start, candidate_starts, choose_start, sparse_components
from models.quality.metrics import clustering_accuracy


class Witness(SampledSilhouette):
    """Scores by what the labels begin with, a hundredth each."""

    def __init__(self) -> None:
        pass

    def score(self, labels: Integers) -> float:
        return float(labels[0]) / 100


def candidates(scores: dict[str, float], said: dict[str, int]) -> list[Start]:
    return [Start(kind, np.array([said.get(kind, 10), 0]), score) for kind, score in scores.items()]


@pytest.mark.parametrize(
    ("scores", "chosen"),
    [
        ({"kmeans": 0.10, "ward": 0.09, "average": 0.05, "consensus": 0.10}, "consensus"),
        ({"kmeans": 0.10, "ward": 0.11, "average": 0.05, "consensus": 0.09}, "consensus"),
        ({"kmeans": 0.10, "ward": 0.09, "average": 0.103, "consensus": 0.10}, "average"),
        ({"kmeans": 0.10, "ward": 0.09, "average": 0.101, "consensus": 0.10}, "consensus"),
        ({"kmeans": 0.10, "ward": 0.105, "average": 0.106, "consensus": 0.09}, "consensus"),
        ({"kmeans": 0.106, "ward": 0.09, "average": 0.107, "consensus": 0.09}, "consensus"),
        ({"kmeans": -0.10, "ward": -0.10, "average": -0.099, "consensus": -0.10}, "consensus"),
        ({"kmeans": -0.10, "ward": -0.10, "average": -0.09, "consensus": -0.10}, "average"),
        ({"kmeans": 0.10, "ward": 0.09, "consensus": 0.10}, "consensus"),
    ],
)
def test_linkage_needs_a_clear_margin_over_all_others(
    scores: dict[str, float], chosen: str
) -> None:
    pool = candidates(scores, {"average": 20})
    assert choose_start(pool, Witness).kind == chosen


@pytest.mark.parametrize(
    ("said", "chosen"),
    [
        ({"average": 11}, "average"),
        ({"average": 10}, "consensus"),
        ({"average": 11, "kmeans": 11}, "consensus"),
        ({"average": 11, "ward": 11}, "consensus"),
        ({"average": 11, "consensus": 11}, "consensus"),
    ],
)
def test_linkage_needs_a_second_witness(said: dict[str, int], chosen: str) -> None:
    scores = {"kmeans": 0.1, "ward": 0.1, "average": 0.2, "consensus": 0.1}
    assert choose_start(candidates(scores, said), Witness).kind == chosen


def test_every_candidate_has_every_cluster_and_its_silhouette() -> None:
    X = np.random.default_rng(0).normal(size=(300, 4)).astype(np.float32)
    judge = SampledSilhouette(X, np.random.default_rng(0))
    starts = candidate_starts(X, 4, judge, np.random.default_rng(1))
    kinds = [start.kind for start in starts]
    assert kinds == ["kmeans"] * RUNS + ["ward"] + ["average"] * 2 + ["consensus"]
    assert all(len(np.unique(start.labels)) == 4 for start in starts)
    assert all(start.score == judge.score(start.labels) for start in starts)


def test_few_rows_are_not_linked() -> None:
    X = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    judge = SampledSilhouette(X, np.random.default_rng(0))
    starts = candidate_starts(X, 5, judge, np.random.default_rng(1))
    assert "average" not in {start.kind for start in starts}


def test_many_uneven_clusters_are_found_by_linkage() -> None:
    rng = np.random.default_rng(0)
    truth = np.repeat(np.arange(30), np.r_[np.full(3, 300), np.full(27, 12)])
    centers = rng.normal(size=(30, 20))
    X = (centers[truth] + 0.25 * rng.normal(size=(len(truth), 20))).astype(np.float32)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    pool = candidate_starts(X, 30, SampledSilhouette(X, rng), rng)
    start = choose_start(pool, lambda: SampledSilhouette(X, rng))
    assert clustering_accuracy(truth, start.labels) > 0.95


def test_sparse_components_are_those_of_principal_component_analysis() -> None:
    labels = np.random.default_rng(0).integers(0, 6, 80)
    X = indicator(labels, 6).T.tocsr()
    projected = sparse_components(X, 5)
    expected = PCA(5, svd_solver="full").fit_transform(X.toarray())
    np.testing.assert_allclose(projected @ projected.T, expected @ expected.T, atol=1e-5)


def test_the_consensus_hardly_depends_on_the_seed() -> None:
    rng = np.random.default_rng(3)
    centers = rng.normal(size=(12, 6))
    X = (centers[np.arange(900) % 12] + 0.55 * rng.normal(size=(900, 6))).astype(np.float32)

    def best(kind: str, seed: int) -> np.ndarray:
        judge = SampledSilhouette(X, np.random.default_rng(0))
        starts = candidate_starts(X, 12, judge, np.random.default_rng(seed))
        return next(start.labels for start in starts if start.kind == kind)

    def agreement(kind: str) -> float:
        return adjusted_rand_score(best(kind, 1), best(kind, 2))

    assert agreement("consensus") > agreement("kmeans") + 0.05
