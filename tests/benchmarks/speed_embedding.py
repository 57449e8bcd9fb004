"""Embedding beside sentence-transformers' default `encode`: processor seconds, and the same vectors.

Short and long documents are cut into rounds; in each round every encoder embeds the same ones, one
after the other, so that a machine that others use slows them all. Each document is embedded once by
each encoder, and the cosines are those of all of them.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.typing import NDArray

from models.core.arrays import normalise_rows
from models.encoding.encoder import DEFAULT_ENCODER, find_encoder
from models.encoding.kinds import REFERENCE, Kind, choose_kind, has_openvino
from models.encoding.loading import load, load_model
from models.encoding.text_encoder import TextEncoder
from models.encoding.transformer import Transformer
from tests.benchmarks.speed_table import table

SHORT: Final = "stackoverflow.parquet"
LONG: Final = "20newsgroups_stripped.parquet"
_LONG_CHARS: Final = 1000
"""A long document has more: beyond the 256 tokens that the default encoder reads, mostly."""

DEFAULT: Final = "sentence-transformers"

Vectors = NDArray[np.float32]
Encode = Callable[[list[str]], Vectors]


def embedding_speed(data: Path, n_short: int, n_long: int, n_rounds: int) -> dict[str, Any]:
    """Measure short and long documents.

    Parameters
    ----------
    data
        Folder with `SHORT` and `LONG`, Parquet files with a column ``text``.
    n_short, n_long
        Documents of either.
    n_rounds
        Rounds that they are cut into.
    """
    encoders, loading = _encoders()
    short = _texts(data / SHORT, n_short, least_chars=1)
    long = _texts(data / LONG, n_long, least_chars=_LONG_CHARS)
    return {
        "loading_processor_seconds": loading,
        "limit_gflops": round(products_per_second() / 1e9, 1),
        "tokens": {"short": tokens_of(short), "long": tokens_of(long)},
        "flop_per_token": flop_per_token(),
        "short": _measured(encoders, short, n_rounds),
        "long": _measured(encoders, long, n_rounds),
    }


def embedding_table(found: dict[str, Any]) -> list[str]:
    """Return the lines of a table in Markdown."""
    head = (
        "documents",
        "encoder",
        "processor s per 1,000",
        "times as fast",
        "of the limit",
        "least cosine",
    )
    rows = [
        (
            f"{found[kind]['documents']:,} {kind}", name, f"{it['seconds_per_1000']:.2f}",
            f"{it['ratio']:.2f} ({it['least_ratio']:.2f}–{it['most_ratio']:.2f})",
            f"{share_of_limit(found, kind, name):.0%}",
            f"{it['least_cosine']:.7f}",
        )
        for kind in ("short", "long")
        for name, it in found[kind]["encoders"].items()
    ]  # fmt: skip
    return table(head, rows)


def products_per_second() -> float:
    """Measure what one thread multiplies and adds in float32: the widest product of the encoder."""
    import torch

    torch.set_num_threads(1)
    rows, weights = torch.randn(512, 384), torch.randn(1536, 384)
    seconds = []
    for _ in range(30):
        began = time.process_time()
        for _ in range(5):
            torch.nn.functional.linear(rows, weights)
        seconds.append((time.process_time() - began) / 5)
    return 2 * 512 * 384 * 1536 / median(seconds)


def tokens_of(texts: list[str]) -> int:
    """Count the tokens that the default encoder reads of some texts."""
    loaded = load(find_encoder(DEFAULT_ENCODER), torch.device("cpu"), REFERENCE)
    assert isinstance(loaded, Transformer)
    pieces = [texts[at : at + 500] for at in range(0, len(texts), 500)]
    return sum(sum(loaded.tokeniser.tokenise(it).lengths) for it in pieces)


def flop_per_token() -> int:
    """Count multiplications and additions with the encoder's weights for one token."""
    from torch import nn

    model = load_model(find_encoder(DEFAULT_ENCODER), "cpu")[0]
    weights = [it.weight.numel() for it in model.modules() if isinstance(it, nn.Linear)]
    return 2 * sum(weights)


def share_of_limit(found: dict[str, Any], kind: str, name: str) -> float:
    """Return how near an encoder came to what the processor can do in float32.

    Parameters
    ----------
    found
        Of `embedding_speed`.
    kind, name
        Of the documents and of the encoder.
    """
    per_document = found["tokens"][kind] / found[kind]["documents"] * found["flop_per_token"]
    seconds = found[kind]["encoders"][name]["seconds_per_1000"] / 1000
    return float(per_document / seconds / (found["limit_gflops"] * 1e9))


def kinds_here() -> list[Kind]:
    """Return the kinds of vectors that this processor has."""
    backends = ("openvino", "torch") if has_openvino() else ("torch",)
    found = {choose_kind(it, dtype, "cpu") for it in backends for dtype in ("float32", "auto")}
    return sorted(found, key=str)


def _encoders() -> tuple[dict[str, Encode], dict[str, float]]:
    """Load all encoders, the default first, with the processor seconds of loading each."""
    from sentence_transformers import SentenceTransformer

    source = find_encoder(DEFAULT_ENCODER)
    default = SentenceTransformer(str(source.folder), device="cpu", local_files_only=True)
    # What all of them import is loaded by now.
    TextEncoder(source, "cpu", kind=REFERENCE)
    encoders: dict[str, Encode] = {
        DEFAULT: lambda texts: default.encode(
            texts, normalize_embeddings=True, show_progress_bar=False
        )
    }
    loading = {}
    # In a user's cache where nothing is: OpenVINO converts the encoder for the first kind alone.
    with TemporaryDirectory() as cache, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", cache)
        for kind in kinds_here():
            for name in (str(kind), f"{kind}, again"):
                began = time.process_time()
                encoders[str(kind)] = TextEncoder(source, "cpu", kind=kind).encode
                loading[name] = round(time.process_time() - began, 2)
    return encoders, loading


def _texts(path: Path, count: int, least_chars: int) -> list[str]:
    found = pd.read_parquet(path, columns=["text"])["text"].dropna().drop_duplicates()
    found = found[found.str.len() >= least_chars]
    texts: list[str] = found.sample(min(count, len(found)), random_state=0).tolist()
    return texts


def _measured(encoders: dict[str, Encode], texts: Sequence[str], n_rounds: int) -> dict[str, Any]:
    """Embed the texts round by round."""
    seconds: dict[str, list[float]] = {name: [] for name in encoders}
    found: dict[str, list[Vectors]] = {name: [] for name in encoders}
    for number in range(n_rounds):
        some = list(texts[number::n_rounds])
        expected = None
        for name, encode in encoders.items():
            began = time.process_time()
            vectors = encode(some)
            seconds[name].append((time.process_time() - began) / len(some) * 1000)
            expected = vectors if expected is None else expected
            found[name].append(cosines(vectors, expected))
    default = np.array(seconds[DEFAULT])
    return {
        "documents": len(texts),
        "rounds": n_rounds,
        "encoders": {
            name: _summary(np.array(seconds[name]), default, np.concatenate(found[name]))
            for name in encoders
        },
    }


def cosines(vectors: Vectors, others: Vectors) -> Vectors:
    """Return the cosine of each vector to its other: rounded ones are of length one but nearly."""
    found: Vectors = (normalise_rows(vectors) * normalise_rows(others)).sum(axis=1)
    return found


def _summary(seconds: Vectors, default: Vectors, cosines: Vectors) -> dict[str, float]:
    ratios = default / seconds
    return {
        "seconds_per_1000": round(median(seconds.tolist()), 3),
        "ratio": round(median(ratios.tolist()), 3),
        "least_ratio": round(float(ratios.min()), 3),
        "most_ratio": round(float(ratios.max()), 3),
        "least_cosine": round(float(cosines.min()), 8),
    }
