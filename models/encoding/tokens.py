"""From texts to tokens: by the model's own code, or by its tokenizer's where that gives the same.

The tokenizer is compiled and has threads of its own; what Python does around it, a text at a time,
takes as long again. On a processor that is little of what a vector costs, on an accelerator most
of what a short one does.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import torch
from torch import Tensor

_ATTRIBUTES: Final = {
    "input_ids": "ids",
    "attention_mask": "attention_mask",
    "token_type_ids": "type_ids",
}
"""Name of a transformer's input → what `tokenizers.Encoding` calls it."""


_AT_THE_EDGES: Final = ("", " spaces  at both ends\n", "UPPER case\x00")
"""Texts that code of a model's own is likely to change before they reach the tokenizer."""


class Tokenised(NamedTuple):
    """Texts as tokens, padded to the longest of them."""

    inputs: Mapping[str, Tensor]  # name → shape (n_texts, n_tokens)
    lengths: list[int]  # tokens of each text, padding left out


Tokenise: TypeAlias = Callable[[list[str]], Tokenised]
"""Any number of threads may call it."""


def find_compiled(model: Any, names: Sequence[str], sample: Sequence[str]) -> Any | None:
    """Return the compiled tokenizer of a model, where it gives what the model's own code gives.

    Parameters
    ----------
    model
        A sentence-transformers model.
    names
        Of its transformer's inputs.
    sample
        Texts on which both must give the same tokens.
    """
    compiled = getattr(model.tokenizer, "backend_tokenizer", None)
    texts = [*sample, *_AT_THE_EDGES]
    # Sets the compiled tokenizer's padding and its longest row, too.
    expected = by_model(model, names, texts).inputs
    if compiled is None or not set(names) <= _ATTRIBUTES.keys():
        return None
    found = by_compiled(compiled, names, texts).inputs
    is_same = all(torch.equal(found[name], rows) for name, rows in expected.items())
    return compiled if is_same else None


def by_model(model: Any, names: Sequence[str], texts: list[str]) -> Tokenised:
    """Tokenise texts by a sentence-transformers model's own code."""
    features = model.preprocess(texts)
    return _with_lengths({name: features[name] for name in names}, features["attention_mask"])


def by_compiled(tokenizer: Any, names: Sequence[str], texts: list[str]) -> Tokenised:
    """Tokenise texts by a tokenizer of the package tokenizers."""
    found = tokenizer.encode_batch_fast(texts)
    arrays = {
        name: torch.from_numpy(np.array([getattr(it, of) for it in found], dtype=np.int64))
        for name, of in _ATTRIBUTES.items()
        if name in names or name == "attention_mask"
    }
    return _with_lengths({name: arrays[name] for name in names}, arrays["attention_mask"])


def _with_lengths(inputs: Mapping[str, Tensor], mask: Tensor) -> Tokenised:
    lengths: list[int] = mask.sum(dim=1).tolist()
    return Tokenised(inputs, lengths)
