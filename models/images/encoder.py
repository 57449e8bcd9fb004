"""How images become vectors: an encoder that is learnt from the images of a window."""

import math
from pathlib import Path
from typing import Final, Self, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from models.core.arrays import Floats, normalise_rows
from models.core.devices import resolve_device, seeded_rng
from models.core.diffusion import diffusion_coordinates
from models.core.persistence import JSON
from models.core.projection import Projection
from models.core.records import Progress
from models.core.weights_file import read_weights, write_weights
from models.images.augmentation import moved
from models.images.gradients import gradient_features
from models.networks.adam import Adam
from models.networks.convolutional import ConvolutionalAutoencoder, default_channels
from models.networks.functional import reconstruction_loss
from models.networks.training import Schedule, fit_epochs

Images = NDArray[np.uint8]
"""Of one size: (n_images, height, width, channels)."""

R = TypeVar("R", Floats, Tensor)

GRADIENT_DIM: Final = 256
"""Principal components of the gradients: neighbours among these are those among all."""

BATCH_SIZE: Final = 128
SMALLEST_BATCH: Final = 32
"""Of few images: smaller batches make more steps of as many passes."""
LEARNING_RATE: Final = 1e-3
PASSES: Final = 200_000
MOST_EPOCHS: Final = 40
FEWEST_EPOCHS: Final = 6
"""Images that the network sees in all, and how often each at most and at least."""

FEWEST_STEPS: Final = 320
"""Few images are seen more often: with 40 steps the network has learnt next to nothing."""

LARGE_SIDE: Final = 64
LARGE_WEIGHT: Final = 0.1
"""Of the reconstruction of images with longer sides, from which the network is to learn the small
marks that neighbours share: with more weight it is busy with areas, and misses them."""

_FOR_STATISTICS: Final = 10_000
_AT_ONCE: Final = 1024
_PIXELS_AT_ONCE: Final = _AT_ONCE * 64 * 64
"""Images that are floats at once."""


class ImageEncoder:
    r"""A convolutional autoencoder whose code says where the neighbour graph puts an image.

    Images are joined to those of like gradients, and a walk on that graph gives each its diffusion
    coordinates u. The network sees the image moved a little, :math:`\tilde{x}`, and is asked for
    both, the coordinates and the image as it was:

    .. math::
        L = \frac{1}{d} \| f(\tilde{x}) - \sqrt{d} \, u \|^2
          + \frac{w}{p} \| g(f(\tilde{x})) - x \|^2

    with w = 1, and less for images with sides longer than `LARGE_SIDE`.

    So it can place an image that the graph has not seen, and what an image does not share with its
    neighbours, and small moves, are noise to it.

    Parameters
    ----------
    network
        Trained, on the device to compute on.
    centre
        Mean of the codes of the images it was learnt from, shape (latent_dim,).
    """

    def __init__(self, network: ConvolutionalAutoencoder, centre: Floats) -> None:
        self.network = network
        self.centre = centre

    @property
    def dimension(self) -> int:
        """Width of a vector."""
        return self.network.latent_dim

    @property
    def view_dims(self) -> tuple[int]:
        """Width of the one view that a vector is."""
        return (self.dimension,)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of the images that it encodes."""
        return self.network.image_shape

    @classmethod
    def learn(
        cls, images: Images, seed: int, device: str = "auto", progress: Progress | None = None
    ) -> Self:
        """Learn an encoder from images.

        Parameters
        ----------
        images
            Shape (n_images, height, width, channels), 0 to 255; at least one.
        seed
            The same seed gives the same bits on the same machine.
        device
            See `models.core.devices.resolve_device`.
        progress
            See `models.core.records.Progress`.
        """
        places = diffusion_coordinates(gradient_rows(images))
        targets = torch.from_numpy(places * np.float32(np.sqrt(places.shape[1])))
        shape = (images.shape[1], images.shape[2], images.shape[3])
        with seeded_rng(seed, torch.device("cpu")):
            network = ConvolutionalAutoencoder(shape, default_channels(shape), places.shape[1])
        pixels = torch.from_numpy(np.ascontiguousarray(images)).flatten(1)
        network.fit_standardization(_thinned(pixels))
        _fit(network.to(resolve_device(device)), pixels, targets, seed, progress)
        codes = _codes(network, images)
        return cls(network, codes.mean(axis=0, dtype=np.float64).astype(np.float32))

    def encode(self, images: Images) -> Floats:
        """Encode images, shape (n_images, *image_shape), to unit rows (n_images, dimension).

        Raises
        ------
        ValueError
            If the images have another shape than those it was learnt from.
        """
        if tuple(images.shape[1:]) != self.image_shape:
            raise ValueError(f"images must be {self.image_shape}, got {tuple(images.shape[1:])}")
        return normalise_rows(_codes(self.network, images) - self.centre)

    def save(self, path: Path) -> None:
        """Write the encoder to one safetensors file; see `models.core.weights_file`."""
        weights = {key: value.cpu().numpy() for key, value in self.network.state_dict().items()}
        settings: dict[str, JSON] = {
            "image_shape": list(self.image_shape),
            "hidden_dims": list(self.network.hidden_dims),
            "latent_dim": self.dimension,
        }
        write_weights(path, {**weights, "centre": self.centre}, settings)

    @classmethod
    def load(cls, path: Path, device: str = "auto") -> Self:
        """Read an encoder that `save` wrote."""
        arrays, settings = read_weights(path)
        height, width, channels = settings["image_shape"]
        network = ConvolutionalAutoencoder(
            (height, width, channels), settings["hidden_dims"], settings["latent_dim"]
        )
        centre = arrays.pop("centre")
        network.load_state_dict({key: torch.from_numpy(it) for key, it in arrays.items()})
        return cls(network.to(resolve_device(device)).eval(), centre)


def gradient_rows(images: Images) -> Floats:
    """Return the principal components of the gradients, rows of length one."""
    features = gradient_features(images)
    projection = Projection.fit(_thinned(features), GRADIENT_DIM)
    return normalise_rows(projection.transform(features))


def _thinned(rows: R) -> R:
    """Take every so many rows, enough for means and components."""
    return rows[:: max(1, len(rows) // _FOR_STATISTICS)]


def _fit(
    network: ConvolutionalAutoencoder,
    pixels: Tensor,
    targets: Tensor,
    seed: int,
    progress: Progress | None,
) -> None:
    """Train a network; see `ImageEncoder`."""
    where, shape = network.feature_mean.device, network.image_shape
    weight = LARGE_WEIGHT if max(shape[:2]) > LARGE_SIDE else 1.0

    def batch_losses(indices: Tensor) -> dict[str, Tensor]:
        rows = network.standardize(pixels[indices].to(where).float())
        code, written = network(moved(rows, shape))
        place = functional.mse_loss(code, targets[indices].to(where))
        reconstruction = reconstruction_loss(rows, written)
        loss = place + weight * reconstruction
        return {"loss": loss, "reconstruction_loss": reconstruction}

    schedule = _schedule(len(pixels), seed)
    steps = schedule.n_epochs * -(-len(pixels) // schedule.batch_size)
    optimizer = Adam(network.parameters(), LEARNING_RATE)

    def slow_down(step: int) -> bool:
        optimizer.learning_rate = LEARNING_RATE * (1 + math.cos(math.pi * step / steps)) / 2
        return False

    fit_epochs(optimizer, batch_losses, len(pixels), schedule, slow_down, progress)
    network.eval()


def _schedule(n_images: int, seed: int) -> Schedule:
    """Return how long to train on so many images; see the constants."""
    batch_size = min(BATCH_SIZE, max(SMALLEST_BATCH, n_images // 12))
    epochs = min(MOST_EPOCHS, max(FEWEST_EPOCHS, PASSES // n_images))
    epochs = max(epochs, -(-FEWEST_STEPS // -(-n_images // batch_size)))
    return Schedule("encoder", epochs, batch_size, seed)


def _codes(network: ConvolutionalAutoencoder, images: Images) -> Floats:
    """Compute codes batch by batch, so that the pixels are never floats all at once."""
    where = network.feature_mean.device
    found = [np.zeros((0, network.latent_dim), dtype=np.float32)]
    with torch.no_grad():
        at_once = min(_AT_ONCE, _PIXELS_AT_ONCE // (images.shape[1] * images.shape[2]))
        for start in range(0, len(images), at_once):
            batch = np.ascontiguousarray(images[start : start + at_once])
            rows = torch.from_numpy(batch).flatten(1).to(where).float()
            found.append(network.encode(network.standardize(rows)).cpu().numpy())
    return np.concatenate(found)
