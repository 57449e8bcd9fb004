"""How far the map moves when it is laid out again, and how true it is beside one from nothing.

make bench-map DATA=FOLDER

A dated set is cut into nights that share one window; the map is laid out again every seven nights,
as where the model is fitted from nothing, and kept on all others. No flow runs.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.manifold import trustworthiness

from flows.config import NightlyConfig
from models.core.arrays import Floats, normalise_rows
from tasks.mapping.map_documents import draw
from tasks.vectors.encoder import EmbedSettings, encoder_ref, load_encoder
from validation.tables.cluster_schemas import MAP

NEIGHBOURS: Final = 15
REFIT_EVERY: Final = 7
MEASURED: Final = 3_000
"""Rows that trustworthiness is measured on: all pairs of them are compared."""


def vectors(texts: Sequence[str]) -> Floats:
    """Embed texts with the encoder of every night."""
    name = NightlyConfig.model_fields["encoder"].default
    settings = EmbedSettings(backend="torch")
    encoder = load_encoder(encoder_ref(name, settings, "cpu"), settings, "cpu")
    return normalise_rows(np.asarray(encoder.encode(list(texts)), dtype=np.float32))


def trust(X: Floats, table: pa.Table) -> float:
    """Measure, on a sample, how many neighbours on the map are neighbours by meaning."""
    places = np.stack([table[it].to_numpy() for it in ("x", "y")], axis=1)
    chosen = np.random.default_rng(0).permutation(len(X))[:MEASURED]
    found = trustworthiness(X[chosen], places[chosen], n_neighbors=NEIGHBOURS, metric="cosine")
    return float(found)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of Parquet files")
    parser.add_argument("--name", default="crisislex_t26")
    parser.add_argument("--nights", type=int, default=20)
    parser.add_argument("--documents", type=int, default=6_000)
    options = parser.parse_args(arguments)
    table = pd.read_parquet(options.data / f"{options.name}.parquet")
    order = "timestamp" if "timestamp" in table else table.columns[0]
    table = table.drop_duplicates("text").sample(options.documents, random_state=0)
    X = vectors(table.sort_values(order)["text"].astype(str).tolist())
    before, half = MAP.empty_table(), len(X) // 2
    print("| night | documents | map | median displacement | trustworthiness | from nothing |")
    print("|---:|---:|---|---:|---:|---:|")
    for night in range(options.nights):
        n = half + (len(X) - half) * night // (options.nights - 1)
        documents = pa.table({"doc_id": [str(it) for it in range(n)], "position": np.arange(n)})
        is_refit = night % REFIT_EVERY == 0
        facts, now = draw(X[:n], documents, before, is_refit, 0)
        if facts.kind == "kept":
            assert now.slice(0, len(before)).equals(before), "an old document has moved"
        before = now
        if is_refit or night == options.nights - 1:
            _, fresh = draw(X[:n], documents, MAP.empty_table(), True, 0)
            way = "" if facts.median_displacement is None else f"{facts.median_displacement:.4f}"
            figures = f"{trust(X[:n], now):.3f} | {trust(X[:n], fresh):.3f}"
            print(f"| {night + 1} | {n:,} | {facts.kind} | {way} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
