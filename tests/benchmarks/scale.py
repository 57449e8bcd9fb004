"""What a fit costs with ever more rows, and how much memory it takes.

make bench-scale [DATA=FOLDER] [SIZES="20000 100000 1000000"] [CLUSTERS=auto] [OUT=scale.json]

The rows are vectors of a labelled set, drawn with replacement and moved a little, so that no two
are the same. Each size has a process of its own: its processor seconds for a fit and for placing
all rows again, and the peak of its memory, rows included.
"""

import argparse
import json
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import numpy as np

from models.core.arrays import Floats
from models.nightfold.clustering import NightfoldClustering
from models.quality.metrics import nmi
from tests.benchmarks.quality import load_dataset

_MOVED: Final = 0.5
"""Length of the move beside that of a vector: its cosine to where it was is .89, that of two of the
nearest neighbours among 20,000 titles."""

_ROWS_AT_ONCE: Final = 50_000


def moved(vectors: Floats, n_rows: int) -> tuple[Floats, np.ndarray]:
    """Draw rows and move each; with the positions that they are from."""
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, len(vectors), n_rows)
    rows = vectors[drawn]
    scale = np.float32(_MOVED / np.sqrt(rows.shape[1]))
    for start in range(0, n_rows, _ROWS_AT_ONCE):
        part = rows[start : start + _ROWS_AT_ONCE]
        part += scale * rng.standard_normal(part.shape, dtype=np.float32)
    return rows, drawn


def cost(data: Path, cache: Path, name: str, n_rows: int, clusters: str) -> dict[str, float]:
    """Fit so many rows, place them again, and say what that took."""
    dataset = load_dataset(data / f"{name}.parquet", cache, lexical=False)
    rows, drawn = moved(dataset.embeddings, n_rows)
    model = NightfoldClustering("auto" if clusters == "auto" else int(clusters))
    started = time.process_time()
    model.fit(rows)
    fitted = time.process_time()
    model.predict(rows)
    return {
        "rows": n_rows,
        "fit_seconds": round(fitted - started, 1),
        "predict_seconds": round(time.process_time() - fitted, 1),
        "milliseconds_a_row": round(1000 * (fitted - started) / n_rows, 3),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000),
        "n_clusters": model.n_clusters_,
        "nmi": round(nmi(dataset.labels[drawn], model.labels_) or 0.0, 4),
    }


def main() -> None:
    """Measure every size, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of Parquet files")
    parser.add_argument("--vectors-cache", type=Path, default=Path(".vectors"))
    parser.add_argument("--name", default="stackoverflow")
    parser.add_argument("--sizes", type=int, nargs="+", default=[20_000, 100_000, 1_000_000])
    parser.add_argument("--clusters", default="auto", help="a number, or auto")
    parser.add_argument("--out", type=Path, default=Path("scale.json"))
    given = parser.parse_args()
    found = []
    for size in given.sizes:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            asked = (given.data, given.vectors_cache, given.name, size, given.clusters)
            found.append(pool.submit(cost, *asked).result())
        print(json.dumps(found[-1]), flush=True)
        given.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
