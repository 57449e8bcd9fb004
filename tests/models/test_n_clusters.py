"""The choice of the number of clusters: on planted ones, on almost nothing, and its rule."""

import itertools
import json
from dataclasses import asdict

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import make_blobs

from models.n_clusters import (
    LADDER,
    NClustersChoice,
    check_n_clusters,
    choose_n_clusters,
    count_distinct_rows,
)


def _blobs(n_clusters: int, n_samples: int = 600, n_features: int = 8) -> NDArray[np.float32]:
    X, _ = make_blobs(n_samples, n_features, centers=n_clusters, cluster_std=0.5, random_state=4)
    return X.astype(np.float32)


@pytest.mark.parametrize("n_clusters", [3, 5, 12, 20])
def test_planted_clusters_are_counted(n_clusters: int) -> None:
    assert choose_n_clusters(_blobs(n_clusters), random_state=0).n_clusters == n_clusters


def test_few_rows_with_planted_clusters_are_counted() -> None:
    assert choose_n_clusters(_blobs(3, n_samples=30), random_state=0).n_clusters == 3


def test_the_same_seed_gives_the_same_choice() -> None:
    X = np.random.default_rng(0).normal(size=(300, 5)).astype(np.float32)
    assert choose_n_clusters(X, random_state=3) == choose_n_clusters(X, random_state=3)


def test_the_choice_does_not_depend_on_where_the_data_lies() -> None:
    X = _blobs(5)
    moved = choose_n_clusters(X + np.float32(3e4), random_state=0)
    assert moved.n_clusters == choose_n_clusters(X, random_state=0).n_clusters


@pytest.mark.parametrize("n_samples", range(1, 40))
def test_tiny_data_gives_a_number_that_it_can_support(n_samples: int) -> None:
    X = np.random.default_rng(n_samples).normal(size=(n_samples, 3)).astype(np.float32)
    choice = choose_n_clusters(X, random_state=0)
    assert 1 <= choice.n_clusters <= max(1, n_samples // 3)


@pytest.mark.parametrize("n_samples", [1, 2, 5, 100])
def test_equal_rows_are_one_cluster(n_samples: int) -> None:
    choice = choose_n_clusters(np.ones((n_samples, 3), dtype=np.float32), random_state=0)
    assert choice == NClustersChoice(1, (), (), ())


def test_no_more_clusters_are_tried_than_there_are_distinct_rows() -> None:
    X = np.repeat(_blobs(4, n_samples=5), 40, axis=0)
    choice = choose_n_clusters(X, random_state=0)
    assert max(choice.candidates) == 4


def test_the_evidence_holds_a_vote_and_a_curve_for_each_seed() -> None:
    choice = choose_n_clusters(_blobs(5), random_state=0)
    assert choice.candidates == tuple(k for k in LADDER if k <= 50)
    assert len(choice.votes) == len(choice.scores) == 3
    assert choice.n_clusters == sorted(choice.votes)[1]
    for vote, curve in zip(choice.votes, choice.scores, strict=True):
        i = choice.candidates.index(vote)
        assert curve[i] > max(curve[i - 1], *curve[i + 1 : i + 3])
        assert all(-1 <= score <= 1 for score in curve)


@pytest.mark.parametrize(
    ("curve", "vote", "n_climbed"),
    [
        ([0.9, 0.2, 0.3, 0.1, 0.1, 0.8, 0.8], 4, 5),  # the first peak, not the highest rung
        ([0.1, 0.5, 0.2, 0.6, 0.3, 0.2, 0.1], 5, 6),  # 0.5 is not above both of the next two
        ([0.1, 0.3, 0.2, 0.2, 0.8, 0.8, 0.8], 3, 4),  # 3 is the first that can be a peak
        ([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3], 2, 7),  # no peak: the highest
        ([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7], 10, 7),
        ([0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.6], 8, 7),  # not confirmed by two rungs, but the highest
    ],
)
def test_each_seed_votes_for_its_first_peak(
    monkeypatch: pytest.MonkeyPatch, curve: list[float], vote: int, n_climbed: int
) -> None:
    class Scripted:
        def __init__(self, X: NDArray[np.float32], *_: object) -> None:
            self.curve = iter(curve) if X.shape[1] == 2 else itertools.repeat(0.0)

        def score(self, labels: NDArray[np.int64]) -> float:
            return next(self.curve)

    monkeypatch.setattr("models.n_clusters.SampledSilhouette", Scripted)
    rng = np.random.default_rng(0)
    X, latent = (rng.normal(size=(120, width)).astype(np.float32) for width in (2, 3))
    choice = choose_n_clusters(X, 0, latent)
    assert choice.candidates == (2, 3, 4, 5, 6, 8, 10)
    assert choice.votes == (vote, vote, vote)
    assert choice.scores[0] == tuple(curve[:n_climbed])


def test_k_means_runs_in_the_latent_space_and_the_score_in_the_other() -> None:
    X, noise = _blobs(6), np.random.default_rng(0).normal(size=(600, 4)).astype(np.float32)
    best = max(map(max, choose_n_clusters(X, 0).scores))
    blind = max(map(max, choose_n_clusters(X, 0, latent=noise).scores))
    deaf = max(map(max, choose_n_clusters(noise, 0, latent=X).scores))
    assert best > 0.5
    assert blind < 0.1
    assert deaf < 0.1


def test_the_evidence_survives_json() -> None:
    choice = choose_n_clusters(_blobs(3, n_samples=60), random_state=0)
    assert NClustersChoice.from_json(json.loads(json.dumps(asdict(choice)))) == choice


def test_distinct_rows_are_counted_up_to_the_limit() -> None:
    X = np.array([[0.0, 1.0], [-0.0, 1.0], [2.0, 1.0], [3.0, 1.0]], dtype=np.float32)
    assert count_distinct_rows(X, limit=10) == 3
    assert count_distinct_rows(X, limit=2) == 2


def test_more_clusters_than_distinct_rows_are_refused_with_both_numbers() -> None:
    X = np.repeat(np.eye(3, dtype=np.float32), 4, axis=0)
    check_n_clusters(3, X)
    check_n_clusters("auto", X)
    with pytest.raises(ValueError, match="n_clusters=4 for 3 distinct rows of n_samples=12"):
        check_n_clusters(4, X)
