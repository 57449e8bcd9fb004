"""What an accelerator does for a night: vectors, fits, and whether the bits come back.

make bench-accelerator [DATA=FOLDER] [DOCUMENTS=1000000] [ROWS=20000,100000] [OUT=accelerator.json]

Titles of StackOverflow, resampled beyond their number with a word left out and a word of another
title of the same label put in, and long posts of 20 Newsgroups. Wall seconds, since the processor
waits for the accelerator, and processor seconds beside them; everything runs once unmeasured.
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from models.core.devices import resolve_device
from models.core.threads import one_thread
from models.encoding.encoder import DEFAULT_ENCODER, EncoderSource, find_encoder
from models.encoding.kinds import Kind
from models.encoding.text_encoder import TextEncoder
from models.nightfold.clustering import NightfoldClustering
from models.quality.metrics import clustering_accuracy, nmi
from tests.benchmarks.speed_embedding import DEFAULT, LONG, SHORT, cosines
from tests.benchmarks.speed_table import table

Vectors = NDArray[np.float32]
Encode = Callable[[list[str]], Vectors]

_LONG_CHARS: Final = 1000
_FOR_DEFAULT: Final = 20_000
"""Documents that sentence-transformers' default embeds, at most: it is there for the ratio."""

_WARM_UP: Final = 2_048
_ROWS_ON_PROCESSOR: Final = 20_000
"""Rows up to which a fit is made on the processor, too."""

_N_LABELS: Final = 20


class Documents(NamedTuple):
    """Texts and what each is about."""

    texts: list[str]
    labels: NDArray[np.int64]


class Seconds(NamedTuple):
    """What a call took."""

    wall: float
    processor: float


def timed(call: Callable[[], Any]) -> tuple[Any, Seconds]:
    """Call, wait for the accelerator, and return the result with what it took."""
    began, processor = time.perf_counter(), time.process_time()
    result = call()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return result, Seconds(time.perf_counter() - began, time.process_time() - processor)


def short_documents(path: Path, count: int) -> Documents:
    """Return so many titles: each once, then resampled ones with two words changed."""
    known = pd.read_parquet(path, columns=["text", "label"]).sample(frac=1, random_state=0)
    labels = pd.factorize(known["label"], sort=True)[0].astype(np.int64)
    words = [text.split() for text in known["text"]]
    by_label = [np.flatnonzero(labels == label) for label in range(labels.max() + 1)]
    rng = np.random.default_rng(0)
    chosen = [*range(min(count, len(words)))]
    texts = [" ".join(words[at]) for at in chosen]
    for at in rng.integers(len(words), size=count - len(texts)).tolist():
        other = words[rng.choice(by_label[labels[at]])]
        kept = [word for place, word in enumerate(words[at]) if place != rng.integers(8)]
        texts.append(" ".join([*kept, other[rng.integers(len(other))]]))
        chosen.append(at)
    return Documents(texts, labels[chosen])


def long_documents(path: Path, count: int) -> list[str]:
    """Return so many long posts, each as often as it takes."""
    posts = pd.read_parquet(path, columns=["text"])["text"]
    texts: list[str] = posts[posts.str.len() >= _LONG_CHARS].tolist()
    return [texts[at % len(texts)] for at in range(count)]


def encoders(source: EncoderSource, device: str) -> dict[str, Encode]:
    """Load sentence-transformers' default and the kinds of vectors that an accelerator has."""
    from sentence_transformers import SentenceTransformer

    default = SentenceTransformer(str(source.folder), device=device, local_files_only=True)
    found: dict[str, Encode] = {
        DEFAULT: lambda texts: default.encode(
            texts, normalize_embeddings=True, show_progress_bar=False
        )
    }
    for kind in (Kind("torch", "float32"), Kind("torch", "bfloat16")):
        found[str(kind)] = TextEncoder(source, device, kind=kind).encode
    return found


def embedding(source: EncoderSource, device: str, texts: list[str]) -> dict[str, Any]:
    """Embed the same texts by every encoder."""
    found: dict[str, Any] = {}
    expected: Vectors | None = None
    for name, encode in encoders(source, device).items():
        some = texts[:_FOR_DEFAULT] if name == DEFAULT else texts
        encode(texts[:_WARM_UP])
        vectors, seconds = timed(partial(encode, some))
        expected = vectors if expected is None else expected
        found[name] = {
            "documents": len(some),
            "per_second": len(some) / seconds.wall,
            "processor_seconds_per_1000": seconds.processor / len(some) * 1000,
            "least_cosine": float(cosines(vectors[: len(expected)], expected).min()),
        }
        if name == "torch bfloat16":
            again = encode(texts)
            found[name]["same_bits_again"] = bool(np.array_equal(again, vectors))
    return found


def fitted(X: Vectors, y: NDArray[np.int64], n_clusters: int | str, device: str) -> dict[str, Any]:
    """Fit from scratch on a device."""
    model = NightfoldClustering(n_clusters, random_state=0, device=device)  # type: ignore[arg-type]
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    with one_thread():  # as every stage of a night computes
        _, pretrain = timed(lambda: model.pretrain(X))
        _, refine = timed(lambda: model.refine(X))
        _, predict = timed(lambda: model.predict_proba(X))
    return {
        "rows": len(X),
        "n_clusters": n_clusters,
        "device": device,
        **{
            name: {"wall": it.wall, "processor": it.processor}
            for name, it in (("pretrain", pretrain), ("refine", refine), ("predict", predict))
        },
        "n_found": model.n_clusters_,
        "accuracy": clustering_accuracy(y, model.labels_),
        "nmi": nmi(y, model.labels_),
        "peak_gb": torch.cuda.max_memory_allocated() / 1e9 if torch.cuda.is_available() else None,
        "labels": model.labels_,
    }


def fits(X: Vectors, y: NDArray[np.int64], sizes: list[int], device: str) -> list[dict[str, Any]]:
    """Fit on more and more rows, with the number of clusters given and not."""
    found = []
    for n_rows in sizes:
        for n_clusters in (_N_LABELS, "auto"):
            with_cpu = device != "cpu" and n_rows <= _ROWS_ON_PROCESSOR
            for where in [device, "cpu"] if with_cpu else [device]:
                found.append(fitted(X[:n_rows], y[:n_rows], n_clusters, where))
                print(fit_line(found[-1]), flush=True)
    return found


def fit_line(fit: dict[str, Any]) -> str:
    """Return a fit as a line of the table."""
    return " | ".join(fit_cells(fit))


def fit_cells(fit: dict[str, Any]) -> list[str]:
    """Return the cells of a fit."""
    steps = [f"{fit[it]['wall']:.1f} / {fit[it]['processor']:.1f}" for it in STEPS]
    clusters = f"{fit['n_found']}{' (open)' if fit['n_clusters'] == 'auto' else ''}"
    scores = [f"{100 * fit[it]:.1f}" for it in ("accuracy", "nmi")]
    return [f"{fit['rows']:,}", fit["device"], clusters, *steps, *scores]


STEPS: Final = ("pretrain", "refine", "predict")
_FIT_HEAD: Final = ("rows", "device", "clusters", *STEPS, "ACC", "NMI")
_EMBEDDING_HEAD: Final = (
    *("documents", "encoder", "documents a second", "times as fast"),
    *("processor s per 1,000", "least cosine"),
)


def embedding_rows(kind: str, found: dict[str, Any]) -> list[list[str]]:
    """Return the lines of the table of encoders."""
    default = found[DEFAULT]["per_second"]
    return [
        [
            f"{it['documents']:,} {kind}", name, f"{it['per_second']:,.0f}",
            f"{it['per_second'] / default:.1f}", f"{it['processor_seconds_per_1000']:.2f}",
            f"{it['least_cosine']:.6f}",
        ]
        for name, it in found.items()
    ]  # fmt: skip


def main() -> None:
    """Measure all parts, print their tables, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--encoder", default=DEFAULT_ENCODER)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--long", type=int, default=20_000)
    parser.add_argument("--rows", default="20000,100000")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    device = str(resolve_device(given.device))
    name = torch.cuda.get_device_name() if device.startswith("cuda") else device
    print(f"{name}, {os.cpu_count()} cores, torch {torch.__version__}", flush=True)
    source = find_encoder(given.encoder)
    short = short_documents(given.data / SHORT, given.documents)
    long = long_documents(given.data / LONG, given.long)
    found = {
        "short": embedding(source, device, short.texts),
        "long": embedding(source, device, long),
    }
    rows = [line for kind, it in found.items() for line in embedding_rows(kind, it)]
    print("\n".join(table(_EMBEDDING_HEAD, rows)), flush=True)
    sizes = [int(it) for it in given.rows.split(",")]
    kind = Kind("torch", "bfloat16")
    X = TextEncoder(source, device, kind=kind).encode(short.texts[: max(sizes)])
    fitting = fits(X, short.labels, sizes, device)
    same = fitted(X[: sizes[0]], short.labels[: sizes[0]], _N_LABELS, device)
    same_bits = bool(np.array_equal(same.pop("labels"), fitting[0]["labels"]))
    print("\n".join(table(_FIT_HEAD, [fit_cells(it) for it in fitting])))
    print(f"the first fit again: {'the same' if same_bits else 'other'} labels")
    for it in fitting:
        del it["labels"]
    figures = {"device": name, "embedding": found, "fits": fitting, "same_labels": same_bits}
    given.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
