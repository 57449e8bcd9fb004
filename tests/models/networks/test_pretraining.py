"""The ways to pretrain: what each asks of the network, and that all serve every estimator."""

from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.datasets import make_blobs
from torch import Tensor

from models.core.records import History
from models.estimators.autoencoder_clusterer import AutoencoderClusterer
from models.estimators.dcn import DCN
from models.estimators.dec import DEC
from models.estimators.idec import IDEC
from models.estimators.vade import VaDE
from models.networks.autoencoder import build_autoencoder
from models.networks.functional import reconstruction_loss
from models.networks.pretraining import Pretraining, neighbourhoods, pretrain_network
from models.networks.training import Schedule
from models.quality.metrics import clustering_accuracy

WORDS = get_args(Pretraining)


def _blobs() -> tuple[NDArray[np.float32], NDArray[Any]]:
    X, y = make_blobs(150, 10, centers=3, cluster_std=1.0, random_state=0)
    return X.astype(np.float32), y


def _pretrained(word: Pretraining, n_epochs: int = 20) -> tuple[Tensor, Any, History]:
    X = torch.from_numpy(_blobs()[0])
    network = build_autoencoder(10, (16,), 4, seed=0)
    network.fit_standardization(X)
    rows = network.standardize(X)
    history = pretrain_network(word, network, rows, Schedule("pretrain", n_epochs, 32, 0), 0.003)
    return rows, network, history


@pytest.mark.parametrize("word", WORDS)
def test_every_way_learns_to_reconstruct_and_repeats(word: Pretraining) -> None:
    rows, network, history = _pretrained(word)
    _, again, _ = _pretrained(word)
    with torch.no_grad():
        assert reconstruction_loss(rows, network(rows)[1]) < 0.5
        assert torch.equal(network(rows)[1], again(rows)[1])
    assert [record["epoch"] for record in history] == list(range(1, 21))


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("estimator", [DEC, IDEC, DCN, VaDE])
def test_every_way_serves_every_estimator(
    estimator: type[AutoencoderClusterer], word: Pretraining, tmp_path: Path
) -> None:
    X, y = _blobs()
    model = estimator(
        3,
        pretraining=word,
        pretrain_epochs=10,
        clustering_epochs=3,
        batch_size=32,
        random_state=0,
    )
    model.pretrain(X).save(tmp_path)
    model.refine(X)
    assert clustering_accuracy(y, model.labels_) == 1.0
    np.testing.assert_array_equal(estimator.load(tmp_path).refine(X).labels_, model.labels_)


def test_neighbourhoods_are_alike_within_a_cluster_and_keep_their_lengths() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(120) % 3
    X = (np.eye(8)[y] * 3 + rng.normal(size=(120, 8))).astype(np.float32)
    smoothed = neighbourhoods(torch.from_numpy(X)).numpy()
    np.testing.assert_allclose(
        np.linalg.norm(smoothed, axis=1), np.linalg.norm(X, axis=1), rtol=1e-5
    )

    def spread(rows: NDArray[np.float32]) -> float:
        unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return float(np.mean([unit[y == label].var(axis=0).sum() for label in range(3)]))

    assert spread(smoothed) < 0.2 * spread(X)


def test_the_variational_latent_space_is_nearer_to_the_prior() -> None:
    rows, plain, _ = _pretrained("reconstruction", 60)
    _, variational, history = _pretrained("variational", 60)
    with torch.no_grad():
        spread = [network.encode(rows).square().mean() for network in (plain, variational)]
    assert abs(spread[1] - 1) < abs(spread[0] - 1)
    # the divergence is under its weight from the twentieth epoch on
    assert history[-1]["clustering_loss"] < history[5]["clustering_loss"]


def test_mutual_information_shows_its_prototypes_in_the_history() -> None:
    _, _, history = _pretrained("mutual-information")
    assert history[-1].keys() == {"epoch", "loss", "reconstruction_loss", "n_clusters"}
    assert history[-1]["n_clusters"] > 3


def test_a_word_that_is_none_is_refused() -> None:
    model = DEC(3, pretraining="contrast")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="pretraining must be one of reconstruction, neigh"):
        model.pretrain(_blobs()[0])
