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
from models.images.encoder import ImageEncoder
from models.nightfold.clustering import NightfoldClustering
from models.series.recurrent_encoder import RecurrentEncoder

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


def test_an_encoder_of_images_learns_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.images.encoder.FEWEST_STEPS", 100)
    images = np.zeros((60, 28, 28, 1), dtype=np.uint8)
    for place, image in enumerate(images):  # bars that lie and bars that stand
        at = slice(10 + place % 5, 14 + place % 5)
        image[(at, slice(4, 24)) if place % 2 else (slice(4, 24), at)] = 200
    learnt = ImageEncoder.learn(images, 0, "cuda")
    vectors = learnt.encode(images)
    same = np.equal.outer(np.arange(60) % 2, np.arange(60) % 2)
    assert (vectors @ vectors.T)[same].mean() > (vectors @ vectors.T)[~same].mean() + 0.3
    learnt.save(tmp_path / "encoder")
    on_processor = ImageEncoder.load(tmp_path / "encoder", "cpu").encode(images)
    np.testing.assert_allclose(on_processor, vectors, atol=1e-3)


def test_a_recurrent_encoder_of_series_learns_and_comes_back(tmp_path: Path) -> None:
    time = np.linspace(0, 1, 80, dtype=np.float32)[:, None]
    turns = [(2, 8)[place % 2] for place in range(40)]
    series = [np.sin(2 * np.pi * (it * time + place / 40)) for place, it in enumerate(turns)]
    learnt = RecurrentEncoder.learn(series, 0, "cuda", steps=60)
    vectors = learnt.encode(series)
    assert np.isfinite(vectors).all()
    learnt.save(tmp_path / "encoder")
    on_processor = RecurrentEncoder.load(tmp_path / "encoder", "cpu").encode(series)
    np.testing.assert_allclose(on_processor, vectors, atol=1e-2)


@pytest.mark.parametrize("n_fitted", [150, 400])
def test_rows_in_16_bits_and_beyond_a_sample_are_placed(
    n_fitted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.nightfold.sampling.MOST_FITTED", n_fitted)
    X, y = _planted()
    estimator = NightfoldClustering(4, random_state=0, device="cuda").fit(X.astype(np.float16))
    assert adjusted_rand_score(y, estimator.labels_) > 0.9
