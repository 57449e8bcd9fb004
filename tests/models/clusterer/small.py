"""A deep clusterer that is fitted in a moment, and the rows that it is fitted on."""

from typing import Any

import numpy as np
import torch

from models.estimators.idec import IDEC

RNG = np.random.default_rng(0)
X = (RNG.normal(size=(3, 6))[np.arange(90) % 3] * 5 + RNG.normal(size=(90, 6))).astype(np.float32)


def small_idec(**params: Any) -> IDEC:
    small = {"pretrain_epochs": 3, "clustering_epochs": 3, "batch_size": 32, "random_state": 0}
    return IDEC(**{"n_clusters": 3, **small, **params})


def assert_same(first: IDEC, second: IDEC) -> None:
    """Assert that two estimators are equal in all that they hold."""
    states = [
        {name: value for name, value in vars(it).items() if name != "autoencoder_"}
        for it in (first, second)
    ]
    np.testing.assert_equal(states[0], states[1])
    weights = second.autoencoder_.state_dict()
    for name, value in first.autoencoder_.state_dict().items():
        assert torch.equal(value, weights[name])
