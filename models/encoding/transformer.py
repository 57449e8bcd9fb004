"""What a loaded encoder is: texts become batches, and a batch becomes vectors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from models.encoding.batches import token_batches
from models.encoding.forward import SAMPLE, SAMPLE_BUDGET, Forward, Tokens
from models.encoding.tokens import Tokenise


class Batch(NamedTuple):
    """Texts that are computed at once."""

    places: list[int]  # among those that are tokenised together
    given: Any  # what `forward` takes: tokens, or the texts themselves


class Loaded(Protocol):
    """An encoder that is ready to compute."""

    @property
    def embedding_dim(self) -> int:
        """Width of a vector."""
        ...

    def batches(self, texts: list[str], budget: int, most_texts: int) -> list[Batch]:
        """Cut texts into batches of so many tokens, padding included, and so many texts."""
        ...

    def forward(self, given: Any) -> NDArray[np.float32]:
        """Compute what a batch has, shape (n_texts, embedding_dim); any thread may call it."""
        ...


@dataclass(frozen=True)
class Tokeniser:
    """How a transformer's texts become tokens.

    Attributes
    ----------
    names
        Of the transformer's inputs, in their order.
    tokenise
        What makes them.
    pads_right
        Whether padding stands behind a text's tokens.
    """

    names: tuple[str, ...]
    tokenise: Tokenise
    pads_right: bool

    def batches(self, texts: list[str], budget: int, most_texts: int) -> list[Batch]:
        """See `Loaded.batches`."""
        tokens, lengths = self.tokenise(texts)
        parts = token_batches(lengths, budget, most_texts)
        return [Batch(part, self._cut(tokens, part, lengths[part[0]])) for part in parts]

    def sample(self) -> list[Tokens]:
        """Return the tokens of `SAMPLE`, in batches."""
        return [it.given for it in self.batches(list(SAMPLE), SAMPLE_BUDGET, len(SAMPLE))]

    def _cut(self, tokens: Tokens, batch: Sequence[int], longest: int) -> Tokens:
        """Take the rows of a batch, without the padding that all of them have."""
        width = max(longest, 1)
        kept = slice(0, width) if self.pads_right else slice(-width, None)
        return {name: rows[batch][:, kept] for name, rows in tokens.items()}


@dataclass(frozen=True)
class Transformer:
    """A transformer that is given tokens."""

    tokeniser: Tokeniser
    forward: Forward
    embedding_dim: int

    def batches(self, texts: list[str], budget: int, most_texts: int) -> list[Batch]:
        """See `Loaded.batches`."""
        return self.tokeniser.batches(texts, budget, most_texts)


@dataclass(frozen=True)
class Whole:
    """A sentence-transformers model that is given texts: it changes them before they are tokens."""

    model: Any
    embedding_dim: int

    def batches(self, texts: list[str], budget: int, most_texts: int) -> list[Batch]:
        """Cut texts by their number: only the model knows their tokens."""
        each = list(range(len(texts)))
        parts = [each[it : it + most_texts] for it in range(0, len(texts), most_texts)]
        return [Batch(part, [texts[i] for i in part]) for part in parts]

    def forward(self, texts: list[str]) -> NDArray[np.float32]:
        """See `Loaded.forward`."""
        vectors: NDArray[np.float32] = self.model.encode(
            texts, batch_size=len(texts), show_progress_bar=False
        )
        return vectors
