"""Distil a static encoder from one that reads whole texts.

As Model2Vec does (Tulkens and van Dongen 2024, github.com/MinishLab/model2vec): every token of the
vocabulary goes through the encoder by itself, principal components keep what sets tokens apart,
and frequent tokens weigh little. No texts are needed.
"""

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.core.arrays import Floats, Integers, normalise_rows
from models.encoding.encoder import DEFAULT_ENCODER, EncoderSource

N_COMPONENTS: Final = 256
"""Of the 384 dimensions of the default encoder, as Model2Vec has it."""

SMOOTHING: Final = 1e-4
"""The a of `frequency_weights`, as Model2Vec has it."""

_UNUSED: Final = "[unused"
"""How the names of tokens begin that BERT keeps free: no text holds them."""

_TOGETHER: Final = 170
"""Tokens at once, each between two marks: the budget of a batch, see `TOKENS_ON_CPU`."""


def distil(source: EncoderSource, folder: Path) -> None:
    """Distil a static encoder from the default one; a sentence-transformers model, too.

    Takes half a minute of one core. The same weights give the same files on the same machine.

    Parameters
    ----------
    source
        Of the default encoder.
    folder
        An empty one.
    """
    from models.core.threads import one_thread
    from models.encoding.loading import load_model
    from models.encoding.static_table import write_table

    with one_thread():
        model = load_model(source, "cpu")
        names = model.tokenizer.convert_ids_to_tokens(range(len(model.tokenizer)))
        is_used = np.array([not name.startswith(_UNUSED) for name in names])
        table = token_table(token_states(model, len(names)), is_used)
    tokenizer = model.tokenizer.backend_tokenizer
    tokenizer.no_padding()
    tokenizer.no_truncation()
    write_table(table, tokenizer, _card(source.languages), folder)


def token_states(model: Any, n_tokens: int) -> Floats:
    """Return what the encoder makes of every token by itself.

    Parameters
    ----------
    model
        A sentence-transformers model of BERT.
    n_tokens
        Of its vocabulary.

    Returns
    -------
    The last state of each token, without those of the marks around it, rows of length one, shape
    (n_tokens, hidden_dim).
    """
    import torch

    tokenizer = model.tokenizer

    def states(start: int) -> Floats:
        tokens = torch.arange(start, min(start + _TOGETHER, n_tokens))
        first, last = (torch.full_like(tokens, it) for it in _marks(tokenizer))
        ids = torch.stack([first, tokens, last], dim=1)
        inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        with torch.inference_mode():
            found: Floats = model(inputs)["token_embeddings"][:, 1].numpy()
        return found

    rows = np.concatenate([states(start) for start in range(0, n_tokens, _TOGETHER)])
    return normalise_rows(rows)


def _marks(tokenizer: Any) -> tuple[int, int]:
    """Return the numbers of the marks at the beginning and the end of a text."""
    return tokenizer.cls_token_id, tokenizer.sep_token_id


def token_table(states: Floats, is_used: NDArray[np.bool_]) -> Floats:
    """Reduce the states of the tokens to principal components, and weigh them.

    Parameters
    ----------
    states
        See `token_states`; the tokens by falling frequency.
    is_used
        Which of them texts can hold, shape (n_tokens,).

    Returns
    -------
    Shape (n_tokens, n_components); zeros for the others.
    """
    from sklearn.decomposition import PCA

    used = states[is_used]
    n_components = min(N_COMPONENTS, *used.shape)
    components = PCA(n_components, svd_solver="covariance_eigh").fit_transform(used)
    table = np.zeros((len(states), n_components), dtype=np.float32)
    table[is_used] = components * frequency_weights(len(used))[:, None]
    return table


def frequency_weights(n_tokens: int, smoothing: float = SMOOTHING) -> Floats:
    r"""Return the weights of tokens by their rank (Arora, Liang and Ma 2017).

    .. math:: w_r = \frac{a}{a + p_r}, \qquad p_r \propto \frac{1}{r}

    The frequencies are those of Zipf's law: a vocabulary of word pieces is in their order.

    Parameters
    ----------
    n_tokens
        The most frequent first.
    smoothing
        The a of the equation.
    """
    ranks: Integers = np.arange(1, n_tokens + 1)
    p = 1 / ranks
    return np.asarray(smoothing / (smoothing + p / p.sum()), dtype=np.float32)


def _card(languages: tuple[str, ...]) -> str:
    """Write the card, from which a night knows the languages."""
    listed = "\n".join(f"- {language}" for language in languages)
    return (
        f"---\nlanguage:\n{listed}\nlicense: apache-2.0\n---\n"
        f"A static encoder, distilled from {DEFAULT_ENCODER}: it knows words, not their order.\n"
    )
