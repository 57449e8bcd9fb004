import numpy as np
import torch

from models.partition import anchored, is_no_worse, is_refinable, soft_start
from models.starts import Start


def start(labels: list[int], kind: str = "consensus", score: float = 0.1) -> Start:
    return Start(kind, np.array(labels), score)


def test_refined_labels_may_lose_two_percent_of_the_silhouette() -> None:
    labels = np.array([0, 1, 2, 0])
    before = start([0, 1, 2, 2])
    assert is_no_worse(labels, 0.0981, before)
    assert not is_no_worse(labels, 0.0979, before)


def test_refined_labels_may_not_lose_a_cluster() -> None:
    assert not is_no_worse(np.array([0, 1, 1, 0]), 0.5, start([0, 1, 2, 2]))


def test_a_silhouette_below_zero_may_not_fall() -> None:
    before = start([0, 1, 0, 1], score=-0.1)
    assert is_no_worse(np.array([0, 1, 1, 0]), -0.1, before)
    assert not is_no_worse(np.array([0, 1, 1, 0]), -0.101, before)


def test_one_cluster_is_not_refined() -> None:
    assert not is_refinable(start([0, 0]))


def test_anchored_memberships_are_highest_at_the_label() -> None:
    rng = np.random.default_rng(0)
    soft = torch.from_numpy(rng.dirichlet(np.full(5, 0.3), 200))
    labels = rng.integers(0, 5, 200)
    memberships = anchored(soft, labels)
    assert torch.equal(memberships.argmax(dim=1), torch.from_numpy(labels))
    torch.testing.assert_close(memberships.sum(dim=1), torch.ones(200, dtype=torch.float64))


def test_a_soft_start_follows_the_nearest_mean() -> None:
    space = np.array([[1, 0], [0.9, 0.1], [0, 1], [0.1, 0.9]], dtype=np.float32)
    soft = soft_start(space, np.array([0, 0, 1, 1]))
    assert soft.argmax(dim=1).tolist() == [0, 0, 1, 1]
    torch.testing.assert_close(soft.sum(dim=1), torch.ones(4))
