"""Documents that were not there when the model learned are placed as well as those that were.

make bench-placement. On planted topics, tests/models/nightfold/test_clustering.py asks the same.
"""

from pathlib import Path

import numpy as np
import pytest

from models.nightfold.clustering import NightfoldClustering
from models.quality.metrics import clustering_accuracy
from tests.benchmarks.quality import Dataset, load_dataset

DATA = Path(__file__).parents[3] / "shared" / "data"
N_ROWS = 4_000

pytestmark = [
    pytest.mark.skipif(not DATA.is_dir(), reason=f"needs the labelled data sets in {DATA}"),
]


@pytest.fixture(params=["agnews_test_raw", "stackoverflow"])
def dataset(request: pytest.FixtureRequest, tmp_path: Path) -> Dataset:
    """A random part of a labelled data set, encoded."""
    import pandas as pd

    table = pd.read_parquet(DATA / f"{request.param}.parquet").sample(N_ROWS, random_state=0)
    path = tmp_path / f"{request.param}.parquet"
    table.to_parquet(path)
    return load_dataset(path, tmp_path / "vectors")


def test_left_out_documents_are_placed_within_a_point(dataset: Dataset) -> None:
    X, dims = dataset.fused, dataset.view_dims
    unseen = np.arange(N_ROWS) % 5 == 0
    without = NightfoldClustering(dataset.n_clusters, view_dims=dims).fit(X[~unseen])
    whole = NightfoldClustering(dataset.n_clusters, view_dims=dims).fit(X)
    placed = clustering_accuracy(dataset.labels[unseen], without.predict(X[unseen]))
    inside = clustering_accuracy(dataset.labels[unseen], whole.labels_[unseen])
    assert placed is not None
    assert inside is not None
    assert placed >= inside - 0.01, f"placed {placed:.3f}, inside {inside:.3f}"
