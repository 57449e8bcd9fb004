"""An encoder of images that was trained elsewhere, in the place of one that is learnt each time.

A night keeps which one it was by its digest, and no copy of its weights.
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from models.core.arrays import Floats
from models.core.records import Progress
from models.core.weights_file import read_weights, write_weights
from models.encoding.encoder import find_encoder
from models.images.frozen_encoder import FrozenImageEncoder
from tasks.images.codec import ImageCodec
from tasks.images.decode import from_png
from tasks.images.settings import ImageSettings
from tasks.items.base import ItemCodec
from validation.errors import SettingError

_DIGEST: Final = "frozen"


class ChosenEncoder(BaseModel):
    """What encodes images: one that is learnt, or one that is given.

    Parameters
    ----------
    side
        See `ImageSettings`.
    digest
        Of the files of one that is given; empty where one is learnt.
    name
        Its folder, or its name on the hub.
    """

    model_config = ConfigDict(frozen=True)

    side: int
    digest: str = ""
    name: str = Field("", exclude=True)

    def codec(self) -> ItemCodec:
        """Return what reads images for it."""
        return FrozenCodec(self) if self.digest else ImageCodec(self.side)


def chosen_encoder(settings: ImageSettings) -> ChosenEncoder:
    """Find what the settings choose, and the digest of its files.

    Raises
    ------
    SettingError
        If it is not there, or its weights are pickled.
    """
    if not settings.encoder:
        return ChosenEncoder(side=settings.side)
    digest = find_encoder(settings.encoder).digest
    return ChosenEncoder(side=settings.side, digest=digest, name=settings.encoder)


class FrozenEncoder:
    """An encoder that is given: it is loaded when there is something to encode."""

    def __init__(self, chosen: ChosenEncoder, device: str) -> None:
        self._chosen = chosen
        self._device = device

    @property
    def view_dims(self) -> tuple[int, ...]:
        """A vector is one view; how wide it is, its rows say."""
        return ()

    @cached_property
    def _encoder(self) -> FrozenImageEncoder:
        return FrozenImageEncoder(find_encoder(self._chosen.name), self._device)

    def encode(self, contents: Sequence[bytes]) -> Floats:
        """Return unit rows, shape (n_images, embedding_dim)."""
        return self._encoder.encode([from_png(it) for it in contents])

    def save(self, path: Path) -> None:
        """Write which encoder it is."""
        write_weights(path, {}, {_DIGEST: self._chosen.digest})


class FrozenCodec:
    """Reads images as they are kept, for an encoder that is given.

    Parameters
    ----------
    chosen
        The encoder.
    """

    name: str = ImageCodec.name
    version: int = 1
    most_learnt: int | None = None
    is_learnt: bool = False

    def __init__(self, chosen: ChosenEncoder) -> None:
        self._chosen = chosen

    def learn(
        self, contents: Sequence[bytes], seed: int, device: str, progress: Progress
    ) -> FrozenEncoder:
        """Return the encoder as it is."""
        return FrozenEncoder(self._chosen, device)

    def load(self, path: Path, device: str) -> FrozenEncoder:
        """Return the encoder that a night had.

        Raises
        ------
        SettingError
            If another one lies there now.
        """
        _, facts = read_weights(path)
        if facts.get(_DIGEST) != self._chosen.digest:
            raise SettingError(
                f"images.encoder must be the one of that night, with the digest"
                f" {facts.get(_DIGEST, '')[:12]}, got {self._chosen.name!r} with"
                f" {self._chosen.digest[:12]}; run that night again with the encoder as it is now"
            )
        return FrozenEncoder(self._chosen, device)
