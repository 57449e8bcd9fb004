"""Neighbours are searched once a night, and never taken for those of other rows."""

from pathlib import Path

import numpy as np
import pytest
import torch

from models.nightfold import searched as module
from models.nightfold.clustering import NightfoldClustering


@pytest.fixture
def rows() -> np.ndarray:
    rng = np.random.default_rng(0)
    centers = rng.normal(size=(3, 12))
    return (centers[np.arange(90) % 3] + 0.4 * rng.normal(size=(90, 12))).astype(np.float32)


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return how many rows each search has been for."""
    found: list[int] = []
    search = module.nearest_neighbours

    def counted(X: np.ndarray, n_neighbors: int, device: torch.device) -> module.Neighbours:
        found.append(len(X))
        return search(X, n_neighbors, device)

    monkeypatch.setattr(module, "nearest_neighbours", counted)
    return found


def test_a_night_searches_once_with_a_disk_between(
    rows: np.ndarray, searches: list[int], tmp_path: Path
) -> None:
    pretrained = NightfoldClustering(
        3, latent_dim=4, pretrain_epochs=1, deep_refinement=False
    ).pretrain(rows)
    pretrained.save(tmp_path / "pretrained")
    refined = NightfoldClustering.load(tmp_path / "pretrained").refine(rows)
    assert searches == [90]
    again = NightfoldClustering(3, latent_dim=4, pretrain_epochs=1, deep_refinement=False).pretrain(
        rows
    )
    del again.searched_
    np.testing.assert_array_equal(refined.soft_assignments_, again.refine(rows).soft_assignments_)


def test_other_rows_than_those_of_the_pretraining_are_searched(
    rows: np.ndarray, searches: list[int]
) -> None:
    NightfoldClustering(3, latent_dim=4, pretrain_epochs=1, deep_refinement=False).pretrain(
        rows
    ).refine(rows[:60])
    assert searches == [90, 60]


def test_a_night_that_goes_on_searches_once_too(rows: np.ndarray, searches: list[int]) -> None:
    model = NightfoldClustering(3, latent_dim=4, pretrain_epochs=1, deep_refinement=False).fit(
        rows[:80]
    )
    model.continue_pretraining(rows, np.arange(90) >= 80).continue_refinement(rows)
    assert searches == [80, 90]


def test_a_refined_model_carries_no_neighbours(rows: np.ndarray, tmp_path: Path) -> None:
    model = NightfoldClustering(3, latent_dim=4, pretrain_epochs=1, deep_refinement=False).fit(rows)
    model.save(tmp_path / "model")
    assert not hasattr(NightfoldClustering.load(tmp_path / "model"), "searched_")
