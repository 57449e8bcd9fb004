"""The estimators by name, and what the flow asks of them: two steps, and to be saved in between."""

from importlib import import_module
from pathlib import Path
from typing import Any, Final, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, PositiveInt, model_validator

from tasks.frame.progress import Report
from tasks.store.embeddings import matrix_of
from tasks.store.storage import Store, read_table
from tasks.vectors.views import Views
from validation.schemas import EMBEDDING, LEXICAL

Estimator = Literal[
    "nightfold", "dec", "idec", "dcn", "vade", "separation", "mutual-information",
    "latent-k-means", "latent-mixture", "latent-transport",
    "k-means", "ward", "gaussian-mixture", "spectral", "hdbscan",
]  # fmt: skip

_CLASSES: Final[dict[str, tuple[str, str]]] = {
    "nightfold": ("models.nightfold.clustering", "NightfoldClustering"),
    "dec": ("models.estimators.dec", "DEC"),
    "idec": ("models.estimators.idec", "IDEC"),
    "dcn": ("models.estimators.dcn", "DCN"),
    "vade": ("models.estimators.vade", "VaDE"),
    "separation": ("models.estimators.separation_clustering", "SeparationClustering"),
    "mutual-information": ("models.estimators.mutual_information", "MutualInformationClustering"),
    "latent-k-means": ("models.estimators.latent_clustering", "LatentClustering"),
    "latent-mixture": ("models.estimators.latent_clustering", "LatentClustering"),
    "latent-transport": ("models.estimators.latent_clustering", "LatentClustering"),
    "k-means": ("models.estimators.baselines", "KMeansBaseline"),
    "ward": ("models.estimators.baselines", "WardBaseline"),
    "gaussian-mixture": ("models.estimators.baselines", "GaussianMixtureBaseline"),
    "spectral": ("models.estimators.baselines", "SpectralBaseline"),
    "hdbscan": ("models.estimators.baselines", "HDBSCANBaseline"),
}

_ASSIGNMENTS: Final = {
    "latent-k-means": "k-means",
    "latent-mixture": "likelihood",
    "latent-transport": "transport",
}
GOES_ON: Final = ("nightfold",)
"""Estimators that can go on from an earlier fit."""

_NOT_PRETRAINED: Final = ("nightfold", "k-means", "ward", "gaussian-mixture", "spectral", "hdbscan")

Pretraining = Literal["reconstruction", "neighbours", "variational", "mutual-information"]


class ClusteringSettings(BaseModel):
    """Which estimator clusters the window, and into how many clusters."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    estimator: Estimator = Field("nightfold", description="The clustering method.")
    n_clusters: PositiveInt | Literal["auto"] = Field(
        "auto", description="Number of clusters; auto: as many as halves of the feed agree on."
    )
    pretraining: Pretraining | None = Field(
        None, description="How an autoencoder is pretrained; empty: by reconstruction."
    )
    device: str = Field(
        "auto", description="auto, cpu, cuda, cuda:0 (the first of several) or mps."
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        """Refuse what the estimator cannot be asked for."""
        if self.pretraining is not None and self.estimator in _NOT_PRETRAINED:
            raise ValueError(f"pretraining must be left out with {self.estimator!r}")
        if (self.estimator, self.pretraining) == ("separation", "variational"):
            raise ValueError("pretraining must not be 'variational' with 'separation'")
        if self.estimator == "hdbscan" and self.n_clusters != "auto":
            raise ValueError(f"n_clusters must be 'auto' with 'hdbscan', got {self.n_clusters}")
        return self


class DeepClustering(Protocol):
    """An estimator whose representation and clusters are learnt in two steps."""

    labels_: NDArray[np.integer[Any]]
    soft_assignments_: NDArray[np.floating[Any]]
    n_clusters_: int

    def pretrain(self, X: NDArray[np.float32], *, progress: Report | None = None) -> Self:
        """Learn the representation."""
        ...

    def refine(self, X: NDArray[np.float32], *, progress: Report | None = None) -> Self:
        """Find the clusters in it."""
        ...

    def continue_pretraining(
        self, X: NDArray[np.float32], is_new: NDArray[np.bool_], *, progress: Report | None = None
    ) -> Self:
        """Learn new rows into the representation of an earlier fit; only those in `GOES_ON` can."""
        ...

    def continue_refinement(
        self, X: NDArray[np.float32], *, progress: Report | None = None
    ) -> Self:
        """Place rows in the clusters of an earlier fit, and refine these; likewise."""
        ...

    def transform(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give the latent vectors, shape (n_samples, latent_dim)."""
        ...

    def save(self, folder: Path) -> None:
        """Write weights and parameters."""
        ...


def new_estimator(settings: ClusteringSettings, views: Views, random_state: int) -> DeepClustering:
    """Make the configured estimator, unfitted."""
    parameters: dict[str, Any] = {
        "n_clusters": settings.n_clusters,
        "random_state": random_state,
        "device": settings.device,
    }
    if settings.estimator == "nightfold":
        parameters["view_dims"] = (views.embedding_dim, *views.lexical_dims)
    if settings.pretraining is not None:
        parameters["pretraining"] = settings.pretraining
    if settings.estimator in _ASSIGNMENTS:
        parameters["assignment"] = _ASSIGNMENTS[settings.estimator]
    estimator: DeepClustering = _class(settings)(**parameters)
    return estimator


def load_estimator(settings: ClusteringSettings, folder: Path) -> DeepClustering:
    """Load a saved estimator."""
    estimator: DeepClustering = _class(settings).load(folder)
    return estimator


def read_features(store: Store, views: Views, settings: ClusteringSettings) -> NDArray[np.float32]:
    """Read what the estimator clusters: the embedding, and the lexical views if it uses them."""
    table = read_table(store, views.items)
    embedding = matrix_of(table[EMBEDDING])
    if settings.estimator != "nightfold":
        return embedding
    return np.hstack([embedding, matrix_of(table[LEXICAL])])


def _class(settings: ClusteringSettings) -> Any:
    module, name = _CLASSES[settings.estimator]
    return getattr(import_module(module), name)
