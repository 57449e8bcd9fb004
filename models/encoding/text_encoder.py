"""How texts become vectors, batch by batch.

Importing this module is cheap; torch and sentence-transformers are loaded by `TextEncoder` only.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.core.threads import free_threads, map_ahead
from models.encoding.encoder import EncoderSource
from models.encoding.kinds import REFERENCE, Kind, KindRefusedError
from validation.errors import NightfoldError, SettingError

if TYPE_CHECKING:
    from models.encoding.forward import Forward, Tokens

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


class Batch(NamedTuple):
    """Texts that are computed at once."""

    places: list[int]  # among those that are tokenised together
    given: "Tokens | list[str]"  # the texts themselves where an encoder makes its own tokens


class Encoder(Protocol):
    """Turns texts into vectors of length one."""

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
        from models.encoding.forward import SAMPLE
        from models.encoding.tokens import find_tokenise

        self._device = resolve_device(device)
        self._model = load_model(source, str(self._device))
        embedding_dim = self._model.get_embedding_dimension()
        if embedding_dim is None:
            raise SettingError(f"encoder must have vectors of one width, got {source.name!r}")
        self.embedding_dim: int = embedding_dim
        self.batch_size = batch_size
        self.kind = kind
        self._folder = source.folder
        self._budget = token_budget(self._device)
        self._n_ahead = 0 if self._device.type == "cpu" else _PIECES_AHEAD
        self._names = _inputs(self._model)
        self._forward: Forward | None = None
        if self._names:
            self._tokenise = find_tokenise(self._model, self._names, SAMPLE)
            self._forward = self._checked_forward()
        elif kind != REFERENCE:
            raise KindRefusedError(
                f"an encoder whose vectors are computed by {kind} must be a transformer without a"
                f" prompt, got {source.name!r}"
            )
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
        return embeddings

    def _batches(self, texts: list[str]) -> list[Batch]:
        """Tokenise texts together, and cut them into batches."""
        if self._forward is None:
            each = list(range(len(texts)))
            starts = range(0, len(texts), self.batch_size)
            parts = [each[it : it + self.batch_size] for it in starts]
            return [Batch(part, [texts[i] for i in part]) for part in parts]
        from models.encoding.batches import token_batches

        tokens, lengths = self._tokenise(texts)
        parts = token_batches(lengths, self._budget, self.batch_size)
        return [Batch(part, self._cut(tokens, part, lengths[part[0]])) for part in parts]

    def _encode_batches(self, batches: list[Batch], progress: Done) -> NDArray[np.float32]:
        """Encode texts that were tokenised together."""
        from models.core.devices import map_on
        from models.encoding.forward import unit_rows

        n_texts = sum(len(batch.places) for batch in batches)
        vectors = np.empty((n_texts, self.embedding_dim), dtype=np.float32)

        def encode_batch(batch: Batch) -> None:
            compute: Any = self._encode_plainly if self._forward is None else self._forward
            vectors[batch.places] = unit_rows(compute(batch.given))

        n_done = np.cumsum([len(batch.places) for batch in batches]).tolist()
        map_on(self._device, encode_batch, batches, progress=lambda n: progress(n_done[n - 1]))
        return vectors

    def _cut(self, tokens: "Tokens", batch: list[int], longest: int) -> "Tokens":
        """Take the rows of a batch, without the padding that all of them have."""
        width = max(longest, 1)
        is_right = self._model.tokenizer.padding_side == "right"
        kept = slice(0, width) if is_right else slice(-width, None)
        return {name: rows[batch][:, kept] for name, rows in tokens.items()}

    def _checked_forward(self) -> "Forward":
        """Make what computes the vectors, and check it against the reference."""
        from models.encoding.batches import token_batches
        from models.encoding.forward import (
            SAMPLE,
            SAMPLE_BUDGET,
            VectorModule,
            require_same_vectors,
            torch_forward,
        )

        module = VectorModule(self._model, self._names).eval()
        reference = torch_forward(module, self._device)
        if self.kind == REFERENCE:
            return reference
        tokens, lengths = self._tokenise(list(SAMPLE))
        samples = [
            self._cut(tokens, batch, lengths[batch[0]])
            for batch in token_batches(lengths, SAMPLE_BUDGET, MOST_TEXTS)
        ]
        if self.kind.backend == "openvino":
            from models.encoding.openvino_forward import openvino_forward

            forward = openvino_forward(module, samples[-1], self.kind, free_threads())
        else:
            forward = torch_forward(module, self._device, self.kind)
        require_same_vectors(forward, reference, samples, self.kind)
        return forward

    def _encode_plainly(self, texts: list[str]) -> NDArray[np.float32]:
        vectors: NDArray[np.float32] = self._model.encode(
            texts, batch_size=self.batch_size, show_progress_bar=False
        )
        return vectors


def load_model(source: EncoderSource, device: str) -> Any:
    """Load a sentence-transformers model in float32, without running code of its own."""
    import torch
    from sentence_transformers import SentenceTransformer

    with _without_progress_bars():
        return SentenceTransformer(
            str(source.folder),
            device=device,
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True, "dtype": torch.float32},
        )


def _inputs(model: Any) -> tuple[str, ...]:
    """Return the names of a transformer's inputs; none if texts must go through the model's own.

    So they must where the model puts a prompt before each, or has no padded rows of tokens.
    """
    features = model.preprocess(["a"])
    if model.default_prompt_name is not None or "attention_mask" not in features:
        return ()
    return tuple(name for name, rows in features.items() if getattr(rows, "ndim", 0) == 2)


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
