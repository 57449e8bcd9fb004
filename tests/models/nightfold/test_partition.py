from typing import Any

import numpy as np
import pytest
import torch

from models.core.arrays import normalise_rows
from models.core.graph import nearest_neighbours
from models.nightfold import partition
from models.nightfold.cotraining import FEW, FEW_OF_ITEMS, MANY
from models.nightfold.partition import (
    Settings,
    anchored,
    find_partition,
    is_no_worse,
    recipe_for,
    soft_start,
    with_every_cluster,
)
from models.nightfold.starts import Start


def start(labels: list[int], kind: str = "consensus", score: float = 0.1) -> Start:
    return Start(kind, np.array(labels), score)


def test_refined_labels_may_lose_no_more_silhouette_than_tolerated() -> None:
    labels = np.array([0, 1, 2, 0])
    before = start([0, 1, 2, 2])
    assert is_no_worse(labels, 0.0901, before, 0.9)
    assert not is_no_worse(labels, 0.0899, before, 0.9)
    assert not is_no_worse(labels, 0.1004, before, 1.005)
    assert is_no_worse(labels, 0.1006, before, 1.005)


def test_refined_labels_may_not_lose_a_cluster() -> None:
    assert not is_no_worse(np.array([0, 1, 1, 0]), 0.5, start([0, 1, 2, 2]), 0.9)


def test_a_silhouette_below_zero_may_not_fall() -> None:
    before = start([0, 1, 0, 1], score=-0.1)
    assert is_no_worse(np.array([0, 1, 1, 0]), -0.1, before, 0.9)
    assert not is_no_worse(np.array([0, 1, 1, 0]), -0.101, before, 0.9)


def test_many_clusters_and_uneven_ones_are_handled_with_care() -> None:
    assert recipe_for("consensus", 60, "texts") is FEW
    assert recipe_for("consensus", 60, "items") is FEW_OF_ITEMS
    assert recipe_for("consensus", 61, "items") is MANY
    assert recipe_for("average", 3, "texts") is MANY


def test_a_cluster_that_lost_everybody_gets_its_documents_back() -> None:
    before = torch.tensor([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]])
    after = torch.tensor([[0.6, 0.3, 0.1], [0.5, 0.4, 0.1], [0.1, 0.2, 0.7]])
    mended = with_every_cluster(after, before)
    assert mended.argmax(dim=1).tolist() == [0, 1, 2]
    assert torch.equal(mended[[0, 2]], after[[0, 2]])


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


class Judge:
    """Scores labels by what is written here of their first one."""

    def __init__(self, *_: Any) -> None:
        pass

    def score(self, labels: np.ndarray) -> float:
        return FAR_SCORES[int(labels[0])]


FAR_SCORES = {0: 0.2, 1: 0.2, 2: 0.1}
NEAR = np.arange(40) % 3


@pytest.mark.parametrize(("first", "is_kept"), [(1, True), (2, False)])
def test_the_long_walk_is_kept_only_where_its_silhouette_is_no_lower(
    first: int, is_kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = (NEAR + first) % 3
    monkeypatch.setattr(partition, "MANY_CLUSTERS", 2)
    monkeypatch.setattr(partition, "SampledSilhouette", Judge)
    pool = [Start("consensus", NEAR, 0.2), Start("ward", NEAR, 0.3)]
    monkeypatch.setattr(partition, "candidate_starts", lambda *_: list(pool))
    monkeypatch.setattr(partition, "choose_start", lambda it, _: it[0])
    monkeypatch.setattr(partition, "consensus_labels", lambda *_: far)
    noise = np.random.default_rng(0).normal(0, 0.1, (40, 3))
    fused = normalise_rows((np.eye(3)[NEAR] + noise).astype(np.float32))
    settings = Settings(3, 2.0, "texts", None, 20, False, 0, torch.device("cpu"))
    found = find_partition(fused, [], nearest_neighbours(fused, 20), settings)
    expected = far if is_kept else NEAR
    assert found.soft_assignments.argmax(dim=1).tolist() == expected.tolist()
    assert found.topics.tolist() == [0, 1, 2]
    assert found.evidence.score_before == 0.2
    assert found.evidence.start_scores == {"consensus": 0.2, "ward": 0.3}
