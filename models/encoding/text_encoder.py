"""How texts become vectors, batch by batch.

Importing this module is cheap; torch and sentence-transformers are loaded by `TextEncoder` only.
"""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.core.arrays import in_16_bits
from models.core.threads import map_ahead
from models.encoding.encoder import EncoderSource
from models.encoding.kinds import REFERENCE, Kind
from validation.errors import NightfoldError

if TYPE_CHECKING:
    from models.encoding.transformer import Batch

logger = logging.getLogger(__name__)

MOST_TEXTS: Final = 1024
"""Texts that are tokenised at once, and so the most that a batch can have."""


_PIECES_AHEAD: Final = 4
"""Pieces of `MOST_TEXTS` texts whose tokens are made while an accelerator computes: a tokenizer
has threads of its own, so these only hide what Python does around it."""


class VectorsNotFiniteError(NightfoldError, ValueError):
    """An encoder whose vectors cannot be used; the message names its folder and what to do."""


Done: TypeAlias = Callable[[int], None]
"""Called with the number of texts that are encoded."""


class Encoder(Protocol):
    """Turns texts into vectors of length one, rounded to numbers of 16 bits.

    So a shelf takes half of the room, and whoever encodes a text later has what was kept of it.
    """

    def encode(self, texts: Sequence[str], *, progress: Done | None = None) -> NDArray[np.float32]:
        """Return one row for each text, shape (n_texts, embedding_dim), all of them finite."""
        ...


class TextEncoder:
    """A sentence-transformers model that gives float32 vectors of length one.

    The same list of texts gives the same bits on the same machine, on however many cores: which
    texts share a batch follows from the list alone, and a batch is computed on one thread, several
    batches at a time. Beside the model, memory holds the vectors that are returned, the tokens of
    `MOST_TEXTS` texts and one batch for every core.

    On an accelerator tokens are made ahead of the batches. On processors there is nothing that they
    could overlap with, and they are 1 % of what a vector costs.

    Parameters
    ----------
    source
        As given by `find_encoder`.
    device
        See `models.core.devices.resolve_device`.
    batch_size
        Texts encoded at once, at most; fewer where they are long, see `token_batches`.
    kind
        How the vectors are computed; checked against `REFERENCE` on a sample.

    Raises
    ------
    ValueError
        If the batch size is below 1, the device is not there, or the model needs code of its own.
    KindRefusedError
        If the model's vectors cannot be computed so, or come out otherwise than by `REFERENCE`.
    """

    def __init__(
        self,
        source: EncoderSource,
        device: str = "auto",
        batch_size: int = MOST_TEXTS,
        kind: Kind = REFERENCE,
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, got {batch_size}")
        from models.core.devices import resolve_device
        from models.encoding.batches import token_budget
        from models.encoding.loading import load

        self._device = resolve_device(device)
        self._loaded = load(source, self._device, kind)
        self.embedding_dim: int = self._loaded.embedding_dim
        self.batch_size = batch_size
        self.kind = kind
        self._folder = source.folder
        self._budget = token_budget(self._device)
        self._n_ahead = 0 if self._device.type == "cpu" else _PIECES_AHEAD
        logger.info("vectors by %s", kind)

    def encode(self, texts: Sequence[str], *, progress: Done | None = None) -> NDArray[np.float32]:
        """Encode texts, the longest first.

        Parameters
        ----------
        texts
            Any strings; the model cuts off what is beyond its own longest input.
        progress
            See `Done`; called after each batch.

        Returns
        -------
        One row of length one for each text, in their order, shape (n_texts, embedding_dim).

        Raises
        ------
        VectorsNotFiniteError
            If a number in them is not finite.
        """
        if isinstance(texts, str):
            raise ValueError("texts must be a sequence of strings, got one string")
        embeddings = np.empty((len(texts), self.embedding_dim), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda i: (-len(texts[i]), i))
        together = [order[it : it + MOST_TEXTS] for it in range(0, len(order), MOST_TEXTS)]
        pieces = [[texts[i] for i in some] for some in together]
        n_before = 0
        for some, batches in zip(
            together, map_ahead(self._batches, pieces, self._n_ahead), strict=True
        ):

            def tell(n_done: int, n_before: int = n_before) -> None:
                if progress is not None:
                    progress(n_before + n_done)

            embeddings[some] = self._encode_batches(batches, tell)
            n_before += len(some)
        require_finite(embeddings, self._folder)
        return in_16_bits(embeddings)

    def _batches(self, texts: list[str]) -> "list[Batch]":
        """Cut texts into batches whose tokens are made together."""
        return self._loaded.batches(texts, self._budget, self.batch_size)

    def _encode_batches(self, batches: "list[Batch]", progress: Done) -> NDArray[np.float32]:
        """Encode texts that were tokenised together."""
        from models.core.devices import map_on
        from models.encoding.forward import unit_rows

        n_texts = sum(len(batch.places) for batch in batches)
        vectors = np.empty((n_texts, self.embedding_dim), dtype=np.float32)

        def encode_batch(batch: "Batch") -> None:
            vectors[batch.places] = unit_rows(self._loaded.forward(batch.given))

        n_done = np.cumsum([len(batch.places) for batch in batches]).tolist()
        map_on(self._device, encode_batch, batches, progress=lambda n: progress(n_done[n - 1]))
        return vectors


def require_finite(vectors: NDArray[np.float32], folder: Path) -> None:
    """Check the vectors that an encoder has made.

    Raises
    ------
    VectorsNotFiniteError
        If a number in them is NaN or infinite.
    """
    n_bad = int(np.count_nonzero(~np.isfinite(vectors).all(axis=1)))
    if n_bad:
        raise VectorsNotFiniteError(
            f"vectors of the encoder in {folder} must be finite, got {n_bad:,} of {len(vectors):,}"
            " with NaN or infinite numbers: its weights are damaged; download it again or name"
            " another encoder. Nothing of it was saved"
        )
