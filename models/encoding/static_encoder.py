"""A static encoder: a text's vector is the mean of the vectors of its tokens, in whatever order.

It is a sentence-transformers model like any other, and is read here without that library: tokens by
the compiled tokenizer, their mean by one product with a sparse matrix. So it needs no torch, and a
text costs little more than its tokens.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from models.core.arrays import Floats, in_16_bits, normalise_rows
from models.encoding.encoder import EncoderSource
from models.encoding.static_table import read_table
from models.encoding.text_encoder import MOST_TEXTS, Done, require_finite
from validation.errors import SettingError

if TYPE_CHECKING:
    from scipy import sparse

_MOST_CHARACTERS: Final = 2**20
"""Of texts that are tokenised at once: a token takes a hundred bytes until only its number is
kept."""


class StaticEncoder:
    """A table with a vector for every token; see `Encoder` for what it gives.

    No vector depends on the texts that it was made beside, nor on the number of cores. Texts are
    read to their end. One without any token, such as a lone accent, points nowhere: along all axes
    alike.

    Parameters
    ----------
    source
        As given by `find_encoder`, with a table.

    Raises
    ------
    SettingError
        If the table has no row for some tokens.
    ValueError
        If the encoder is no table.
    """

    def __init__(self, source: EncoderSource) -> None:
        if source.table is None:
            raise ValueError(f"encoder must be a table of tokens, got {source.name!r}")
        self._folder = source.folder
        self._table, self._tokenizer = read_table(source.table)
        n_tokens, self.embedding_dim = self._table.shape
        if self._tokenizer.get_vocab_size() > n_tokens:
            raise SettingError(
                f"the encoder in {source.folder} must have a vector for each of its"
                f" {self._tokenizer.get_vocab_size():,} tokens, got {n_tokens:,}"
            )

    def encode(self, texts: Sequence[str], *, progress: Done | None = None) -> Floats:
        """Encode texts; see `Encoder.encode`.

        Raises
        ------
        VectorsNotFiniteError
            If a number in them is not finite.
        """
        if isinstance(texts, str):
            raise ValueError("texts must be a sequence of strings, got one string")
        embeddings = np.empty((len(texts), self.embedding_dim), dtype=np.float32)
        for piece in _pieces(texts):
            embeddings[piece] = self._encode_piece(list(texts[piece]))
            if progress is not None:
                progress(piece.stop)
        require_finite(embeddings, self._folder)
        return in_16_bits(embeddings)

    def _encode_piece(self, texts: list[str]) -> Floats:
        counts = self._token_counts(texts)
        # A sum points where the mean does.
        sums = np.asarray(counts @ self._table, dtype=np.float32)
        sums[np.diff(counts.indptr) == 0] = 1.0
        return normalise_rows(sums)

    def _token_counts(self, texts: list[str]) -> "sparse.csr_array":
        """Return how often each text has each token, shape (n_texts, n_tokens)."""
        from scipy import sparse

        found = self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        numbers = [it.ids for it in found]
        ends = np.cumsum([0, *map(len, numbers)])
        tokens: NDArray[np.int64] = np.fromiter(chain.from_iterable(numbers), np.int64, ends[-1])
        once = np.ones(len(tokens), dtype=np.float32)
        return sparse.csr_array((once, tokens, ends), shape=(len(texts), len(self._table)))


def _pieces(texts: Sequence[str]) -> Iterator[slice]:
    """Cut texts, in their order, into pieces that are tokenised at once."""
    start = n_characters = 0
    for place, text in enumerate(texts):
        is_full = place - start == MOST_TEXTS or n_characters + len(text) > _MOST_CHARACTERS
        if place > start and is_full:
            yield slice(start, place)
            start, n_characters = place, 0
        n_characters += len(text)
    if start < len(texts):
        yield slice(start, len(texts))
