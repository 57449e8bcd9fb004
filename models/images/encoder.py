"""How images become vectors: an encoder that is learnt from the images of a window."""

from pathlib import Path
from typing import Final, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.core.arrays import Floats, normalise_rows
from models.core.devices import resolve_device, seeded_rng
from models.core.persistence import JSON
from models.core.records import Progress
from models.core.weights_file import read_weights, write_weights
from models.images.augmentation import moved
from models.networks.adam import Adam
from models.networks.convolutional import ConvolutionalAutoencoder, default_channels
from models.networks.functional import reconstruction_loss
from models.networks.training import Schedule, fit_epochs

Images = NDArray[np.uint8]
"""Of one size: (n_images, height, width, channels)."""

LATENT_DIM: Final = 64
BATCH_SIZE: Final = 256
LEARNING_RATE: Final = 1e-3
EPOCHS: Final = 20
_AT_ONCE: Final = 1024


class ImageEncoder:
    """A convolutional autoencoder that has learnt to undo small shifts and rotations.

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
        where = resolve_device(device)
        shape = (images.shape[1], images.shape[2], images.shape[3])
        with seeded_rng(seed, torch.device("cpu")):
            network = ConvolutionalAutoencoder(shape, default_channels(shape), LATENT_DIM)
        pixels = torch.from_numpy(np.ascontiguousarray(images)).flatten(1)
        network.fit_standardization(pixels[:: max(1, len(pixels) // 10_000)].float())
        network.to(where)

        def batch_losses(indices: Tensor) -> dict[str, Tensor]:
            rows = network.standardize(pixels[indices].to(where).float())
            return {"loss": reconstruction_loss(rows, network(moved(rows, shape))[1])}

        optimizer = Adam(network.parameters(), LEARNING_RATE)
        schedule = Schedule("encoder", EPOCHS, BATCH_SIZE, seed)
        fit_epochs(optimizer, batch_losses, len(pixels), schedule, progress=progress)
        network.eval()
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


def _codes(network: ConvolutionalAutoencoder, images: Images) -> Floats:
    """Compute codes batch by batch, so that the pixels are never floats all at once."""
    where = network.feature_mean.device
    found = [np.zeros((0, network.latent_dim), dtype=np.float32)]
    with torch.no_grad():
        for start in range(0, len(images), _AT_ONCE):
            batch = np.ascontiguousarray(images[start : start + _AT_ONCE])
            rows = torch.from_numpy(batch).flatten(1).to(where).float()
            found.append(network.encode(network.standardize(rows)).cpu().numpy())
    return np.concatenate(found)
