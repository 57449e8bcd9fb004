"""How texts become vectors, batch by batch.

Importing this module is cheap; torch and sentence-transformers are loaded by `TextEncoder` only.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.core.threads import map_pieces
from models.encoding.encoder import EncoderSource
from validation.errors import NightfoldError, SettingError


class VectorsNotFiniteError(NightfoldError, ValueError):
    """An encoder whose vectors cannot be used; the message names its folder and what to do."""


Done: TypeAlias = Callable[[int], None]
"""Called with the number of texts that are encoded."""


class Encoder(Protocol):
    """Turns texts into vectors of length one."""

    def encode(self, texts: Sequence[str], *, progress: Done | None = None) -> NDArray[np.float32]:
        """Return one row for each text, shape (n_texts, embedding_dim), all of them finite."""
        ...


class TextEncoder:
    """A sentence-transformers model that gives float32 vectors of length one.

    The same list of texts gives the same bits on the same machine, on however many cores: a batch
    is computed on one thread, several batches at a time. Beside the model, memory holds the vectors
    that are returned and one batch for every core.

    Parameters
    ----------
    source
        As given by `find_encoder`.
    device
        See `models.core.devices.resolve_device`.
    batch_size
        Texts encoded at once.

    Raises
    ------
    ValueError
        If the batch size is below 1, the device is not there, or the model needs code of its own.
    """

    def __init__(self, source: EncoderSource, device: str = "auto", batch_size: int = 64) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, got {batch_size}")
        import torch
        from sentence_transformers import SentenceTransformer

        from models.core.devices import resolve_device

        with _without_progress_bars():
            self._model = SentenceTransformer(
                str(source.folder),
                device=str(resolve_device(device)),
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True, "dtype": torch.float32},
            )
        embedding_dim = self._model.get_embedding_dimension()
        if embedding_dim is None:
            raise SettingError(f"encoder must have vectors of one width, got {source.name!r}")
        self.embedding_dim = embedding_dim
        self.batch_size = batch_size
        self._folder = source.folder
        # The first call sets the tokenizer's padding; threads may only read it.
        self._model.preprocess(["a"])

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
        starts = range(0, len(order), self.batch_size)

        def encode_batch(start: int) -> None:
            batch = order[start : start + self.batch_size]
            embeddings[batch] = self._encode_batch([texts[i] for i in batch])

        def report(n_batches: int) -> None:
            if progress is not None:
                progress(min(n_batches * self.batch_size, len(order)))

        # An accelerator computes one batch at a time, whoever asks.
        at_once = None if self._model.device.type == "cpu" else 1
        map_pieces(encode_batch, starts, at_once=at_once, progress=report)
        require_finite(embeddings, self._folder)
        return embeddings

    def _encode_batch(self, texts: list[str]) -> NDArray[np.float32]:
        vectors: NDArray[np.float32] = self._model.encode(
            texts, batch_size=self.batch_size, normalize_embeddings=True, show_progress_bar=False
        )
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


@contextmanager
def _without_progress_bars() -> Iterator[None]:
    """Load a model without the bar that transformers draws over the log."""
    from transformers.utils import logging

    was_enabled = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        if was_enabled:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]
