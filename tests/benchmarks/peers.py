"""What others offer, on the same vectors as the clusterings of nightfold.

make bench-peers DATA=FOLDER OUT=peers.json [METHODS=a,b] [SEEDS=1]

Reads, encodes and scores as quality.py does, one configuration for all data sets, seeded. The true
number of clusters is given to every method that takes one: all but "bertopic", "bertopic-placed"
and "evoc". Documents that a method leaves out as noise count as one more cluster, and "coverage"
is the share of the others.

Steps that two methods have in common run once and are charged to both. Libraries that compile
themselves at the first call do so before the clock starts.
"""

import copy
import io
import logging
import sys
import time
import warnings
from collections.abc import Callable, Hashable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from typing import Any, Final, TypeAlias
from unittest.mock import MagicMock

import numpy as np
from numpy.typing import NDArray
from quality import (
    METHODS as OURS,
)
from quality import (
    Dataset,
    Labels,
    Methods,
    choose_paths,
    means,
    parse,
    run,
    score,
)

from models.core.kmeans import fit_kmeans

PRETRAIN_EPOCHS: Final = 30
CLUSTERING_EPOCHS: Final = 50
"""Of ClustPy's deep methods: those of ours, for lack of time; its defaults are 100 and 150."""

_WARM_UP_ROWS: Final = 5000  # UMAP and EVoC search neighbours approximately from 4096 on

Floats: TypeAlias = NDArray[np.float32]


class SharedSteps:
    """Results that more than one method needs, and what they cost.

    Attributes
    ----------
    owed
        Seconds and processor seconds of the steps that were found done since `settle`.
    """

    def __init__(self) -> None:
        self._done: dict[Hashable, tuple[Any, NDArray[np.float64]]] = {}
        self.owed = np.zeros(2)

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Make something, or take what was made for the same key and owe its cost."""
        if key in self._done:
            result, cost = self._done[key]
            self.owed = self.owed + cost
            return result
        owed, started = self.owed, _clock()
        result = make()
        self._done[key] = result, _clock() - started + self.owed - owed
        return result

    def settle(self) -> NDArray[np.float64]:
        """Give what is owed, and owe nothing."""
        owed, self.owed = self.owed, np.zeros(2)
        return owed


SHARED: Final = SharedSteps()


def _clock() -> NDArray[np.float64]:
    """Seconds and processor seconds."""
    return np.array([time.perf_counter(), time.process_time()])


def _umap(embeddings: Floats, seed: int) -> Floats:
    """Reduce to 5 dimensions, with the settings that are BERTopic's defaults."""
    from umap import UMAP

    model = UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=seed)
    return np.asarray(model.fit_transform(embeddings), dtype=np.float32)


def _reduced(dataset: Dataset, seed: int) -> Floats:
    """Share one UMAP among the methods that begin with it."""
    key = ("umap", dataset.name, seed)
    reduced: Floats = SHARED.get(key, lambda: _umap(dataset.embeddings, seed))
    return reduced


def _umap_kmeans(dataset: Dataset, seed: int) -> Labels:
    """Cluster the reduced vectors by k-means."""
    return np.asarray(fit_kmeans(_reduced(dataset, seed), dataset.n_clusters, 10, seed)[0])


class _Reduction:
    """A UMAP that is done already, as BERTopic wants to see it."""

    def __init__(self, reduced: Floats) -> None:
        self.reduced = reduced

    def fit(self, X: Floats, y: object = None) -> "_Reduction":
        """Do nothing."""
        return self

    def transform(self, X: Floats) -> Floats:
        """Give the rows that were reduced before."""
        return self.reduced


def _topics(dataset: Dataset, seed: int) -> tuple[Any, Labels]:
    """Fit BERTopic as it comes: UMAP and HDBSCAN; share it."""
    from bertopic import BERTopic

    def fit() -> tuple[Any, Labels]:
        model = BERTopic(umap_model=_Reduction(_reduced(dataset, seed)))
        labels, _ = model.fit_transform(dataset.texts, dataset.embeddings)
        return model, np.asarray(labels)

    fitted: tuple[Any, Labels] = SHARED.get(("bertopic", dataset.name, seed), fit)
    return fitted


def _place_noise(model: Any, dataset: Dataset, labels: Labels) -> Labels:
    """Give every document a topic, by BERTopic's own means: the nearest topic's embedding."""
    if not (labels < 0).any():
        return labels
    return np.asarray(
        model.reduce_outliers(
            dataset.texts, labels.tolist(), strategy="embeddings", embeddings=dataset.embeddings
        )
    )


def _bertopic_placed(dataset: Dataset, seed: int) -> Labels:
    """Fit BERTopic, then place its outliers."""
    model, labels = _topics(dataset, seed)
    return _place_noise(model, dataset, labels)


def _bertopic_k(dataset: Dataset, seed: int) -> Labels:
    """Merge BERTopic's topics down to the true number, then place its outliers."""
    model, labels = _topics(dataset, seed)
    model = copy.deepcopy(model)
    # The topic of the outliers is one of those that BERTopic counts.
    model.reduce_topics(dataset.texts, nr_topics=dataset.n_clusters + int((labels < 0).any()))
    return _place_noise(model, dataset, np.asarray(model.topics_))


def _evoc(embeddings: Floats, n_clusters: int | None, seed: int) -> Labels:
    """Run EVoC: the layer that it finds most persistent, or the one of about so many clusters."""
    from evoc import EVoC

    model = EVoC(approx_n_clusters=n_clusters, random_state=seed)
    return np.asarray(model.fit_predict(embeddings))


def _clustpy_deep() -> Any:
    """Import ClustPy's deep methods without torchvision, which only those for images use.

    It comes for CUDA on most indexes, and that does not import beside a torch for the CPU.
    """
    names = ("torchvision", "torchvision.models", "torchvision.models._api")
    sys.modules.update({name: MagicMock() for name in names})
    try:
        from clustpy import deep
    finally:
        for name in names:
            del sys.modules[name]
    return deep


def _clustpy(dataset: Dataset, seed: int, name: str) -> Labels:
    """Run a deep method of ClustPy; VaDE's loss wants numbers from 0 to 1."""
    model = getattr(_clustpy_deep(), name)(
        dataset.n_clusters,
        pretrain_epochs=PRETRAIN_EPOCHS,
        clustering_epochs=CLUSTERING_EPOCHS,
        random_state=seed,
    )
    X = dataset.embeddings
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):  # its progress bars
        model.fit((X - X.min()) / np.ptp(X) if name == "VaDE" else X)
    return np.asarray(model.labels_)


METHODS: Final[Methods] = {
    "kmeans": OURS["kmeans"],
    "umap-kmeans": _umap_kmeans,
    "bertopic": lambda d, seed: _topics(d, seed)[1],
    "bertopic-placed": _bertopic_placed,
    "bertopic-k": _bertopic_k,
    "evoc": lambda d, seed: _evoc(d.embeddings, None, seed),
    "evoc-k": lambda d, seed: _evoc(d.embeddings, d.n_clusters, seed),
    "clustpy-dec": lambda d, seed: _clustpy(d, seed, "DEC"),
    "clustpy-idec": lambda d, seed: _clustpy(d, seed, "IDEC"),
    "clustpy-vade": lambda d, seed: _clustpy(d, seed, "VaDE"),
    "nightfold": OURS["nightfold"],
}


def score_peer(dataset: Dataset, method: str, seed: int) -> dict[str, float]:
    """Run one method once, and charge it for the steps that it found done."""
    SHARED.settle()
    scores = score(dataset, method, seed, METHODS)
    seconds, cpu_seconds = SHARED.settle()
    scores["seconds"] += float(seconds)
    scores["cpu_seconds"] += float(cpu_seconds)
    return scores


def warm_up(methods: Sequence[str]) -> None:
    """Let the libraries compile what the methods will call."""
    rows = np.random.default_rng(0).standard_normal((_WARM_UP_ROWS, 32)).astype(np.float32)
    if any(method.startswith(("umap", "bertopic")) for method in methods):
        import bertopic  # noqa: F401 -- takes seconds

        _umap(rows, 0)
    if any(method.startswith("evoc") for method in methods):
        _evoc(rows, 4, 0)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    warnings.filterwarnings("ignore")  # of libraries that are not ours
    options = parse(arguments, METHODS, "Peers on the vectors of quality.py")
    paths = choose_paths(options)
    warm_up(options.methods)
    for line in means(run(paths, options, score_peer)):
        print(line)


if __name__ == "__main__":
    main()
