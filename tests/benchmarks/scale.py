"""What a fit costs with ever more rows, and how much memory it takes.

make bench-scale [DATA=FOLDER] [SIZES="20000 100000 1000000"] [CLUSTERS=auto] [OUT=scale.json]

The rows are vectors of a labelled set, drawn with replacement and moved a little, so that no two
are the same. Each size has a process of its own: processor seconds of a fit, of placing all rows by
it, of the figures beside k-means and of the map, and the peak of memory after each.
"""

import argparse
import json
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from models.core.arrays import Floats
from models.core.threads import one_thread
from models.nightfold.clustering import NightfoldClustering
from models.plane.layout import lay_out
from models.quality.metrics import nmi
from tasks.reporting.evaluate import NEVER_BASELINE, score
from tasks.store.embeddings import fixed_lists
from tasks.vectors.items import Window
from tests.benchmarks.quality import load_dataset
from validation.tables.columns import (
    CONFIDENCE,
    LABEL,
    LATENT,
    MARGIN,
    POSITION,
    TEXT,
    TEXT_DIGEST,
)

_MOVED: Final = 0.5
"""Length of the move beside that of a vector: its cosine to where it was is .89, that of two of the
nearest neighbours among 20,000 titles."""

_ROWS_AT_ONCE: Final = 50_000


class Cost:
    """Measures steps over so many rows, one after the other."""

    def __init__(self, n_rows: int) -> None:
        self.figures: dict[str, float] = {"rows": n_rows}

    def __call__(self, step: str, work: Callable[[], Any]) -> Any:
        started = time.process_time()
        result = work()
        self.figures[f"{step}_seconds"] = round(time.process_time() - started, 1)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
        self.figures[f"{step}_peak_mb"] = round(peak)
        print(f"{step:10} {self.figures[f'{step}_seconds']:8} s {peak:8,.0f} MB", flush=True)
        return result


def moved(vectors: Floats, n_rows: int) -> tuple[Floats, np.ndarray]:
    """Draw rows, move each, and make them of length one; with the positions that they are from."""
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, len(vectors), n_rows)
    rows = vectors[drawn]
    scale = np.float32(_MOVED / np.sqrt(rows.shape[1]))
    for start in range(0, n_rows, _ROWS_AT_ONCE):
        part = rows[start : start + _ROWS_AT_ONCE]
        part += scale * rng.standard_normal(part.shape, dtype=np.float32)
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    return rows, drawn


@one_thread()
def cost(data: Path, cache: Path, name: str, n_rows: int, clusters: str) -> dict[str, float]:
    """Take so many rows through the steps, and say what each took."""
    dataset = load_dataset(data / f"{name}.parquet", cache, lexical=False)
    rows, drawn = moved(dataset.embeddings, n_rows)
    model, measured = (
        NightfoldClustering("auto" if clusters == "auto" else int(clusters)),
        Cost(n_rows),
    )
    measured("fit", lambda: model.fit(rows))
    measured("predict", lambda: model.predict(rows))
    found = pa.table(
        {
            TEXT_DIGEST: pa.array(np.arange(n_rows)),
            LABEL: pa.array(model.labels_.astype(np.int32)),
            CONFIDENCE: pa.array(model.confidence_),
            MARGIN: pa.array(model.margin_),
            LATENT: fixed_lists(model.transform(rows)),
        }
    )
    texts = pa.table({TEXT: pa.array(dataset.texts).take(pa.array(drawn))})
    documents = pa.table({POSITION: pa.array([], pa.int64()), LABEL: pa.array([], pa.string())})
    window, k = Window(texts, documents), model.n_clusters_
    measured("evaluate", lambda: score(rows, found, k, window, NEVER_BASELINE, 0))
    measured("map", lambda: lay_out(rows, None, 0))
    nmi_of_labels = nmi(dataset.labels[drawn], model.labels_) or 0.0
    a_row = 1000 * measured.figures["fit_seconds"] / n_rows
    return measured.figures | {
        "fit_milliseconds_a_row": round(a_row, 3),
        "n_clusters": k,
        "nmi": round(nmi_of_labels, 4),
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
