"""Every estimator that learns, on a CUDA device: it finds what is planted, and comes back as it was."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score

from models.estimators.dcn import DCN
from models.estimators.dec import DEC
from models.estimators.idec import IDEC
from models.estimators.latent_clustering import LatentClustering
from models.estimators.mutual_information import MutualInformationClustering
from models.estimators.separation_clustering import SeparationClustering
from models.estimators.vade import VaDE
from models.nightfold.clustering import NightfoldClustering

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")

ESTIMATORS = (
    DCN,
    DEC,
    IDEC,
    LatentClustering,
    MutualInformationClustering,
    NightfoldClustering,
    SeparationClustering,
    VaDE,
)


def _planted() -> tuple[np.ndarray, np.ndarray]:
    X, y = make_blobs(400, 24, centers=4, cluster_std=0.6, random_state=0)
    return X.astype(np.float32), y


@pytest.mark.parametrize("made", ESTIMATORS, ids=lambda made: made.__name__)
def test_it_finds_planted_clusters(made: Any, tmp_path: Path) -> None:
    X, y = _planted()
    estimator = made(4, random_state=0, device="cuda").fit(X)
    assert adjusted_rand_score(y, estimator.labels_) > 0.9
    estimator.save(tmp_path)
    loaded = made.load(tmp_path)
    np.testing.assert_allclose(loaded.predict_proba(X), estimator.predict_proba(X), atol=1e-4)


def test_nightfold_continues_from_an_earlier_fit() -> None:
    X, y = _planted()
    estimator = NightfoldClustering(4, random_state=0, device="cuda").fit(X[:300])
    estimator.continue_pretraining(X, np.arange(len(X)) >= 300)
    assert adjusted_rand_score(y, estimator.continue_refinement(X).labels_) > 0.9
