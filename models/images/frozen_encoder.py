"""Images as vectors by an encoder that was trained elsewhere, and learns nothing here."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.core.arrays import Floats, normalise_rows
from models.core.devices import resolve_device
from models.encoding.encoder import EncoderSource
from models.encoding.loading import load_model
from validation.errors import SettingError

BATCH_SIZE: Final = 32
"""Images of 224 × 224 as floats, and what the layers make of them: some hundred megabytes."""


class FrozenImageEncoder:
    """A sentence-transformers model that takes images, as CLIP is one.

    Parameters
    ----------
    source
        As given by `find_encoder`.
    device
        See `models.core.devices.resolve_device`.

    Raises
    ------
    SettingError
        If the model does not encode images.
    """

    def __init__(self, source: EncoderSource, device: str) -> None:
        self._model = load_model(source, str(resolve_device(device)))
        if not self._model.supports("image"):
            known = " and ".join(map(str, self._model.modalities))
            raise SettingError(
                f"images.encoder must be a model that encodes images, got {source.name!r}, which"
                f" encodes {known}"
            )
        self._source = source

    def encode(self, images: Sequence[NDArray[np.uint8]]) -> Floats:
        """Encode images, each of shape (height, width, 1 or 3), to unit rows.

        The model brings them to its own size.

        Raises
        ------
        SettingError
            If a vector is not finite.
        """
        shown = [Image.fromarray(np.broadcast_to(it, (*it.shape[:2], 3))) for it in images]
        found = self._model.encode(
            shown, batch_size=BATCH_SIZE, convert_to_numpy=True, show_progress_bar=False
        )
        if not np.isfinite(found).all():
            raise SettingError(
                f"images.encoder must give finite vectors, got others from {self._source.name!r}"
            )
        return normalise_rows(np.asarray(found, dtype=np.float32))
