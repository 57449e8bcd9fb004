"""What an item that is no text is to the stages that learn from items and encode them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from models.core.arrays import Floats
from models.core.records import Progress


class LearntEncoder(Protocol):
    """Turns items into vectors as it has learnt to."""

    @property
    def view_dims(self) -> tuple[int, ...]:
        """Widths of the views side by side in a vector."""
        ...

    def encode(self, contents: Sequence[bytes]) -> Floats:
        """Return unit rows, shape (n_items, embedding_dim)."""
        ...

    def save(self, path: Path) -> None:
        """Write the encoder to one file, the same one to the same bytes."""
        ...


class ItemCodec(Protocol):
    """Reads items as they are kept in `contents`, for encoders."""

    name: str
    """Of its encoders, for people."""
    is_learnt: bool
    """Whether encoders come from the items; else there is one that is given."""
    most_learnt: int | None
    """Items that an encoder is learnt from, at most: the others it encodes; None for all."""
    version: int
    """Raised when an encoder that is learnt from the same items comes out another."""

    def learn(
        self, contents: Sequence[bytes], seed: int, device: str, progress: Progress
    ) -> LearntEncoder:
        """Learn an encoder from the items of a window."""
        ...

    def load(self, path: Path, device: str) -> LearntEncoder:
        """Read an encoder that `LearntEncoder.save` wrote."""
        ...
