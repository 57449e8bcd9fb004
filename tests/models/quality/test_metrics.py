"""Metrics against scikit-learn, against brute force, and where they are not defined."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics as reference

from models.core import arrays
from models.quality.agreement import neighbour_agreement
from models.quality.density import dbcv
from models.quality.metrics import (
    ari,
    calinski_harabasz,
    clustering_accuracy,
    davies_bouldin,
    effective_n_clusters,
    largest_share,
    nmi,
    silhouette,
    smallest_share,
)

Labels = NDArray[np.int64]
UNSUPERVISED = [
    (silhouette, reference.silhouette_score),
    (calinski_harabasz, reference.calinski_harabasz_score),
    (davies_bouldin, reference.davies_bouldin_score),
]
SUPERVISED = [
    (nmi, reference.normalized_mutual_info_score),
    (ari, reference.adjusted_rand_score),
]
OF_SPACE = [ours for ours, _ in UNSUPERVISED]
OF_SIZES = [effective_n_clusters, smallest_share, largest_share]
OF_CLASSES = [clustering_accuracy, nmi, ari]

Score = Callable[..., float | None]


def _clustering(n_samples: int = 60, n_clusters: int = 4) -> tuple[NDArray[np.float32], Labels]:
    rng = np.random.default_rng(0)
    labels = rng.integers(n_clusters, size=n_samples)
    centers = rng.normal(size=(n_clusters, 3))
    return (centers[labels] + rng.normal(size=(n_samples, 3))).astype(np.float32), labels


def _classes(n_samples: int = 60, n_classes: int = 3) -> Labels:
    return np.random.default_rng(1).integers(n_classes, size=n_samples)


@pytest.mark.parametrize(("ours", "theirs"), UNSUPERVISED)
def test_scores_of_a_space_are_those_of_scikit_learn(ours: Score, theirs: Score) -> None:
    X, labels = _clustering()
    assert ours(X, labels) == pytest.approx(theirs(X, labels))


def test_the_variance_ratio_is_the_same_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    X, labels = _clustering()
    monkeypatch.setattr(arrays, "_ROWS_AT_ONCE", 7)
    expected = reference.calinski_harabasz_score(X, labels)
    assert calinski_harabasz(X, labels) == pytest.approx(expected)
    same = np.repeat(np.eye(3, dtype=np.float32), 20, axis=0)
    assert calinski_harabasz(same, np.repeat([0, 1, 2], 20)) == 1.0


@pytest.mark.parametrize(("ours", "theirs"), SUPERVISED)
def test_scores_with_classes_are_those_of_scikit_learn(ours: Score, theirs: Score) -> None:
    labels, classes = _clustering()[1], _classes()
    assert ours(classes, labels) == pytest.approx(theirs(classes, labels))


@pytest.mark.parametrize("score", OF_SPACE)
def test_scores_of_a_space_leave_outliers_out(score: Score) -> None:
    X, labels = _clustering()
    with_outliers = labels.copy()
    with_outliers[::5] = -1
    kept = with_outliers != -1
    assert score(X, with_outliers) == pytest.approx(score(X[kept], labels[kept]))


@pytest.mark.parametrize("score", OF_SPACE)
@pytest.mark.parametrize(
    "labels",
    [[0, 0, 0, 0], [0, 1, 2, 3], [-1, -1, -1, -1], [0, 0, -1, -1], [0, 1, -1, -1], [0, -1, -1, -1]],
)
def test_scores_of_a_space_are_none_without_two_clusters_and_a_pair(
    score: Score, labels: list[int]
) -> None:
    X, _ = _clustering(n_samples=4)
    assert score(X, labels) is None


@pytest.mark.parametrize("n_samples", [0, 1, 2])
def test_scores_of_a_space_of_next_to_nothing_are_none(n_samples: int) -> None:
    X = np.zeros((n_samples, 3), dtype=np.float32)
    for score in OF_SPACE:
        assert score(X, np.arange(n_samples)) is None


def test_silhouette_of_many_rows_is_that_of_a_fixed_sample() -> None:
    X, labels = _clustering(n_samples=400)
    sampled = silhouette(X, labels, sample_size=100)
    assert sampled == silhouette(X, labels, sample_size=100)
    assert sampled != silhouette(X, labels)
    assert sampled == pytest.approx(silhouette(X, labels), abs=0.1)


def test_silhouette_is_none_where_the_sample_has_one_cluster() -> None:
    X, _ = _clustering(n_samples=400)
    scores = [silhouette(X, np.arange(400) == row, sample_size=200) for row in range(20)]
    assert None in scores
    assert any(score is not None for score in scores)


def test_effective_number_is_the_number_of_equal_clusters() -> None:
    assert effective_n_clusters(np.repeat([0, 1, 2, 7], 5)) == pytest.approx(4.0)


def test_effective_number_is_the_exponential_of_the_entropy() -> None:
    shares = np.array([0.5, 0.3, 0.2])
    labels = np.repeat([0, 1, 2], [5, 3, 2])
    expected = np.prod(shares**-shares)
    assert effective_n_clusters(labels) == pytest.approx(expected)


def test_shares_are_of_the_rows_in_clusters() -> None:
    labels = [0, 0, 0, 1, -1, -1]
    assert smallest_share(labels) == 0.25
    assert largest_share(labels) == 0.75


@pytest.mark.parametrize("score", OF_SIZES)
@pytest.mark.parametrize("labels", [[], [-1, -1]])
def test_scores_of_sizes_are_none_without_clusters(score: Score, labels: list[int]) -> None:
    assert score(labels) is None


def _accuracy_by_brute_force(classes: Labels, labels: Labels) -> float:
    names, clusters = np.unique(classes), np.unique(labels)
    width = max(len(names), len(clusters))
    padded = [*names.tolist(), *(["nothing"] * (width - len(names)))]
    best = 0
    for order in itertools.permutations(padded, len(clusters)):
        name_of = dict(zip(clusters.tolist(), order, strict=True))
        right = [
            name_of[label] == name
            for label, name in zip(labels.tolist(), classes.tolist(), strict=True)
        ]
        best = max(best, sum(right))
    return best / len(labels)


@pytest.mark.parametrize(("n_classes", "n_clusters"), [(3, 3), (4, 2), (2, 4), (1, 3)])
def test_accuracy_is_the_best_of_all_matchings(n_classes: int, n_clusters: int) -> None:
    rng = np.random.default_rng(2)
    classes = rng.integers(n_classes, size=40)
    labels = np.where(rng.random(40) < 0.5, classes % n_clusters, rng.integers(n_clusters, size=40))
    expected = _accuracy_by_brute_force(classes, labels)
    assert clustering_accuracy(classes, labels) == pytest.approx(expected)


def test_accuracy_never_counts_outliers_as_right() -> None:
    assert clustering_accuracy([0, 0, 1, 1], [5, 5, -1, -1]) == 0.5
    assert clustering_accuracy([0, 0, 1, 1], [-1, -1, -1, -1]) == 0.0


@pytest.mark.parametrize("score", OF_CLASSES)
def test_names_of_clusters_and_classes_do_not_matter(score: Score) -> None:
    labels, classes = _clustering()[1], _classes()
    expected = score(classes, labels)
    other_labels = np.array([7, 3, 0, 11])[labels]
    other_classes = np.array(["sport", "arts", "money"])[classes]
    assert score(other_classes, other_labels) == pytest.approx(expected)


@pytest.mark.parametrize("score", [*OF_SPACE, *OF_SIZES])
def test_names_of_clusters_do_not_matter_to_scores_without_classes(score: Score) -> None:
    X, labels = _clustering()
    other = np.array([7, 3, 0, 11])[labels]
    if score in OF_SIZES:
        assert score(other) == pytest.approx(score(labels))
    else:
        assert score(X, other) == pytest.approx(score(X, labels))


@pytest.mark.parametrize("score", OF_CLASSES)
def test_order_of_rows_does_not_matter(score: Score) -> None:
    labels, classes = _clustering()[1], _classes()
    order = np.random.default_rng(3).permutation(len(labels))
    assert score(classes[order], labels[order]) == pytest.approx(score(classes, labels))


@pytest.mark.parametrize("score", OF_CLASSES)
def test_perfect_labels_score_one(score: Score) -> None:
    classes = _classes()
    assert score(classes, 2 - classes) == pytest.approx(1.0)


@pytest.mark.parametrize("score", OF_CLASSES)
def test_scores_with_classes_are_none_without_rows(score: Score) -> None:
    assert score([], []) is None


@pytest.mark.parametrize("figure", [silhouette, dbcv, neighbour_agreement])
def test_the_seed_draws_the_sample(figure: Callable[..., float | None]) -> None:
    rng = np.random.default_rng(0)
    X, labels = rng.normal(size=(300, 5)).astype(np.float32), rng.integers(3, size=300)
    first, again, other = (figure(X, labels, sample_size=60, random_state=n) for n in (1, 1, 2))
    assert first == again != other
