import numpy as np
import pytest
import torch

from models.core.arrays import normalise_rows
from models.core.graph import nearest_neighbours, neighbour_graph, smooth
from models.networks.autoencoder import build_autoencoder
from models.networks.neighbour_autoencoder import epochs_for, pretrain_on_neighbourhoods
from models.networks.training import Schedule


def test_an_unseen_document_is_decoded_near_its_neighbourhood() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(600) % 4
    centers = rng.normal(size=(4, 16))
    X = normalise_rows(centers[labels] + rng.normal(size=(600, 16)).astype(np.float32))
    smoothed = smooth(X, neighbour_graph(nearest_neighbours(X, 10), 10), 4)
    autoencoder = build_autoencoder(16, None, 8, 0)
    autoencoder.fit_standardization(torch.from_numpy(X[:400]))
    rows, targets = (autoencoder.standardize(torch.from_numpy(a[:400])) for a in (X, smoothed))
    history = pretrain_on_neighbourhoods(autoencoder, rows, targets, Schedule("p", 60, 64, 0))
    assert history[-1]["loss"] < 0.5 * history[0]["loss"]
    with torch.no_grad():
        unseen = autoencoder.standardize(torch.from_numpy(X[400:]))
        decoded = autoencoder(unseen)[1]
    expected = autoencoder.standardize(torch.from_numpy(smoothed[400:]))
    assert (decoded - expected).square().mean() < 0.5 * (unseen - expected).square().mean()


@pytest.mark.parametrize(("rows", "epochs"), [(10, 20), (10_240, 20), (20_000, 10), (10**7, 1)])
def test_very_many_rows_are_passed_over_less_often(rows: int, epochs: int) -> None:
    assert epochs_for(20, rows, 512) == epochs
    assert epochs_for(0, rows, 512) == 0
