import numpy as np
import pytest

from models.text.exemplars import exemplars


def test_exemplars_are_the_nearest_to_the_mean_direction() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 6)).astype(np.float32)
    labels = rng.integers(-1, 3, 40)
    found = exemplars(X, labels, n=4)
    assert sorted(found) == [0, 1, 2]
    for label, positions in found.items():
        members = np.flatnonzero(labels == label)
        directions = X[members] / np.linalg.norm(X[members], axis=1, keepdims=True)
        cosines = directions @ directions.sum(axis=0)
        assert positions.tolist() == members[np.argsort(-cosines)][:4].tolist()


def test_exemplars_do_not_depend_on_the_length_of_vectors() -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(20, 6)).astype(np.float32)
    scaled = X * rng.uniform(0.5, 20, size=(20, 1)).astype(np.float32)
    labels = np.zeros(20, int)
    assert exemplars(X, labels)[0].tolist() == exemplars(scaled, labels)[0].tolist()


def test_equal_documents_rank_by_position() -> None:
    row, other = np.random.default_rng(2).normal(size=(2, 384)).astype(np.float32)
    for n_equal in range(2, 40):
        X = np.vstack([*[row] * n_equal, other])
        found = exemplars(X, np.zeros(len(X), int), n=n_equal)[0]
        assert found.tolist() == list(range(n_equal))


def test_small_clusters_give_all_they_have() -> None:
    X = np.eye(3, dtype=np.float32)
    found = exemplars(X, np.array([4, -1, 2]))
    assert {label: positions.tolist() for label, positions in found.items()} == {2: [2], 4: [0]}


@pytest.mark.parametrize(("labels", "n"), [([0], 5), ([0, 0], 0)])
def test_exemplars_refuse_what_makes_no_sense(labels: list[int], n: int) -> None:
    with pytest.raises(ValueError, match="must be"):
        exemplars(np.eye(2, dtype=np.float32), np.array(labels), n)
