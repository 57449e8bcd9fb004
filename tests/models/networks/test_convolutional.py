"""The convolutional autoencoder: any size comes out as it went in, and methods take it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from models.estimators.dec import DEC
from models.estimators.idec import IDEC
from models.estimators.separation_clustering import SeparationClustering
from models.estimators.vade import VaDE
from models.networks.convolutional import ConvolutionalAutoencoder, default_channels
from models.quality.metrics import clustering_accuracy

SHAPE = (9, 8, 1)


def _bars(n_images: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Images of bars that lie or stand."""
    rng = np.random.default_rng(0)
    y = np.arange(n_images) % 2
    images = rng.normal(0, 0.1, (n_images, *SHAPE)).astype(np.float32)
    for image, kind in zip(images, y, strict=True):
        at = 3
        image[at : at + 2, :] += 1 - kind
        image[:, at : at + 2] += kind
    return images.reshape(n_images, -1), y


@pytest.mark.parametrize("shape", [(8, 8, 1), (9, 7, 3), (28, 28, 1), (33, 64, 3), (224, 224, 3)])
def test_images_come_out_in_their_shape(shape: tuple[int, int, int]) -> None:
    network = ConvolutionalAutoencoder(shape, default_channels(shape), 5)
    x = torch.rand(2, shape[0] * shape[1] * shape[2])
    code, written = network(x)
    assert code.shape == (2, 5)
    assert written.shape == x.shape


def test_rows_are_read_as_height_width_channels() -> None:
    network = ConvolutionalAutoencoder((6, 5, 3), (4,), 2)
    x = torch.arange(90.0)[None]
    assert torch.equal(network.encoder[0](x)[0].permute(1, 2, 0).flatten(), x[0])
    assert torch.equal(network.decoder[-1](network.encoder[0](x)), x)


@pytest.mark.parametrize(
    ("side", "depth"), [(4, 1), (8, 1), (9, 2), (28, 3), (32, 3), (64, 4), (224, 6)]
)
def test_channels_double_towards_the_code(side: int, depth: int) -> None:
    assert default_channels((side, side, 1)) == (4, 8, 16, 32, 64, 128)[6 - depth :]


@pytest.mark.parametrize("estimator", [DEC, IDEC, VaDE])
def test_methods_take_convolutional_encoders(estimator: type[IDEC], tmp_path: Path) -> None:
    X, y = _bars(120)
    small: dict[str, Any] = {"latent_dim": 4, "pretrain_epochs": 5, "clustering_epochs": 2}
    model = estimator(2, image_shape=SHAPE, random_state=0, batch_size=32, device="cpu", **small)
    model.fit(X)
    assert isinstance(model.autoencoder_, ConvolutionalAutoencoder)
    assert (clustering_accuracy(y, model.labels_) or 0) > 0.9
    model.save(tmp_path)
    again = estimator.load(tmp_path)
    assert again.image_shape == SHAPE
    assert again.predict(X).tolist() == model.predict(X).tolist()


def test_a_shape_of_other_rows_is_refused() -> None:
    X, _ = _bars(20)
    with pytest.raises(ValueError, match="image_shape must be one of 72 numbers"):
        IDEC(2, image_shape=(8, 8, 1)).fit(X)
    with pytest.raises(ValueError, match="image_shape must be None here"):
        SeparationClustering(2, image_shape=SHAPE).fit(X)
