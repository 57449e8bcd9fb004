"""Images as encoders take them: all of one size, which is chosen from the images of the window."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.core.arrays import Floats
from models.core.records import Progress
from models.images.encoder import ImageEncoder
from models.images.sizing import common_shape
from tasks.images.decode import from_png, shape_of

Shape = tuple[int, int, int]

_LEARNT_BYTES: Final = 1 << 30
"""Of pixels that an encoder is learnt from, which are in memory at once: of 87,000 coloured images
of 64 × 64 or 7,000 of 224 × 224."""

_GREY_WEIGHTS: Final = np.array([0.299, 0.587, 0.114], dtype=np.float32)
"""ITU-R 601-2: what red, green and blue add to the brightness that people see."""


class BytesEncoder:
    """An encoder of images that takes them as they are kept."""

    def __init__(self, encoder: ImageEncoder) -> None:
        self._encoder = encoder

    @property
    def view_dims(self) -> tuple[int, ...]:
        """Widths of the views in a vector."""
        return self._encoder.view_dims

    def encode(self, contents: Sequence[bytes]) -> Floats:
        """Return unit rows, shape (n_images, embedding_dim)."""
        return self._encoder.encode(stacked(contents, self._encoder.image_shape))

    def save(self, path: Path) -> None:
        """Write the encoder to one file."""
        self._encoder.save(path)


class ImageCodec:
    """Reads images as they are kept, and learns encoders from them.

    Parameters
    ----------
    side
        Pixels of the longer side of an image as it is kept.
    """

    name: str = "images"
    version: int = 1
    is_learnt: bool = True

    def __init__(self, side: int) -> None:
        self.most_learnt: int | None = _LEARNT_BYTES // (3 * side * side)

    def learn(
        self, contents: Sequence[bytes], seed: int, device: str, progress: Progress
    ) -> BytesEncoder:
        """Learn an encoder from the images of a window."""
        shapes = [shape_of(it) for it in contents]
        has_colour = any(channels == 3 for _, _, channels in shapes)
        shape = common_shape([(height, width) for height, width, _ in shapes], has_colour)
        return BytesEncoder(ImageEncoder.learn(stacked(contents, shape), seed, device, progress))

    def load(self, path: Path, device: str) -> BytesEncoder:
        """Read an encoder that `BytesEncoder.save` wrote."""
        return BytesEncoder(ImageEncoder.load(path, device))


def stacked(contents: Sequence[bytes], shape: Shape) -> NDArray[np.uint8]:
    """Read images as they are kept, and bring them to one shape, (n_images, *shape)."""
    found = np.empty((len(contents), *shape), dtype=np.uint8)
    for place, content in enumerate(contents):
        found[place] = fitted(from_png(content), shape)
    return found


def fitted(image: NDArray[np.uint8], shape: Shape) -> NDArray[np.uint8]:
    """Bring an image to a shape: scaled as a whole, in the middle, on the colour of its border."""
    height, width, channels = shape
    image = _in_channels(image, channels)
    if image.shape == shape:
        return image
    scale = min(height / image.shape[0], width / image.shape[1])
    size = [max(1, round(side * scale)) for side in (image.shape[1], image.shape[0])]
    drawn = Image.fromarray(image[:, :, 0] if channels == 1 else image)
    scaled = np.asarray(drawn.resize((size[0], size[1]), Image.Resampling.BILINEAR))
    canvas = np.empty(shape, dtype=np.uint8)
    canvas[:] = _border_colour(image)
    top, left = (height - size[1]) // 2, (width - size[0]) // 2
    canvas[top : top + size[1], left : left + size[0]] = scaled.reshape(size[1], size[0], channels)
    return canvas


def _in_channels(image: NDArray[np.uint8], channels: int) -> NDArray[np.uint8]:
    if image.shape[2] == channels:
        return image
    if channels == 3:
        return np.repeat(image, 3, axis=2)
    return np.asarray(np.rint(image @ _GREY_WEIGHTS), dtype=np.uint8)[:, :, None]


def _border_colour(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the median colour of an image's border, shape (channels,)."""
    edges = (image[0], image[-1], image[:, 0], image[:, -1])
    return np.asarray(np.median(np.concatenate(edges), axis=0), dtype=np.uint8)
