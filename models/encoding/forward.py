"""From tokens to vectors by torch: the reference, and what other runtimes are made from."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.encoding.kinds import REFERENCE, Kind, KindRefusedError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Tokens: TypeAlias = Mapping[str, Tensor]
"""Inputs of an encoder: name → tensor, shape (n_texts, n_tokens), padded."""

Forward: TypeAlias = Callable[[Tokens], NDArray[np.float32]]
"""From tokens to vectors, shape (n_texts, embedding_dim), in no particular length; any number of
threads may call it."""

_LEAST_COSINE: Final = 0.9999
"""Between a text's vector and the reference: the figures of docs/benchmarks.md hold from there."""

_SENTENCE: Final = "The charger stopped working after two weeks, and nobody answered my letters."
SAMPLE: Final = (
    "ok",
    "Battery dies before noon.",
    "Flight LH 441 was 3 hours late – and €250 are not enough!",
    "ein Satz in einer anderen Sprache 电池坏了",
    _SENTENCE,
    " ".join([_SENTENCE] * 4),
    " ".join([_SENTENCE] * 40),
)
"""Short and long, and beyond what most encoders read."""

SAMPLE_BUDGET: Final = 128
"""Tokens of its batches: the longest text is alone, others are padded, and all take a quarter of a
second."""


class VectorModule(nn.Module):
    """A sentence-transformers model as a function of tensors, in a fixed order of names."""

    def __init__(self, model: "SentenceTransformer", names: tuple[str, ...]) -> None:
        super().__init__()
        self.model = model
        self.names = names

    def forward(self, *tokens: Tensor) -> Tensor:
        """Return vectors, shape (n_texts, embedding_dim)."""
        features = dict(zip(self.names, tokens, strict=True))
        vectors: Tensor = self.model(features)["sentence_embedding"]
        return vectors


def torch_forward(module: VectorModule, device: torch.device, kind: Kind = REFERENCE) -> Forward:
    """Compute by torch, in float32 or with products in bfloat16."""

    def forward(tokens: Tokens) -> NDArray[np.float32]:
        inputs = [tokens[name].to(device) for name in module.names]
        narrow = kind.dtype == "bfloat16"
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=narrow):
            vectors: NDArray[np.float32] = module(*inputs).float().cpu().numpy()
        return vectors

    return forward


def vectors_of(forward: Forward, samples: Sequence[Tokens]) -> NDArray[np.float32]:
    """Compute the vectors of several batches, rows of length one in the batches' order."""
    return unit_rows(np.concatenate([forward(it) for it in samples]))


def require_same_vectors(
    found: NDArray[np.float32], expected: NDArray[np.float32], kind: Kind
) -> None:
    """Check the vectors of a kind against those of torch in float32.

    Parameters
    ----------
    found, expected
        Vectors of `SAMPLE` as `vectors_of` gives them, both of shape (n_texts, embedding_dim).
    kind
        Of those that were found, for the message.

    Raises
    ------
    KindRefusedError
        If they point elsewhere.
    """
    if not np.isfinite(expected).all():
        return  # damaged weights: `require_finite` says so, whatever computes
    cosine = float((found * expected).sum(axis=1).min())
    if not cosine >= _LEAST_COSINE:
        raise KindRefusedError(
            f"vectors by {kind} must be those by {REFERENCE}, got a cosine of {cosine:.5f} on the"
            f" sample, below {_LEAST_COSINE}"
        )


def unit_rows(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return vectors of length one; a vector of zeros stays one."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    rows: NDArray[np.float32] = (vectors / np.maximum(norms, 1e-12)).astype(np.float32, copy=False)
    return rows
