"""The estimators by name, and the settings that choose one; what it can do stands at its class."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, model_validator

from models.clusterer.clusterer import Clusterer
from models.core.projection import FOREIGN_LEXICAL_WEIGHT

Estimator = Literal[
    "nightfold", "dec", "idec", "dcn", "vade", "separation", "mutual-information",
    "latent-k-means", "latent-mixture", "latent-transport",
    "k-means", "ward", "gaussian-mixture", "spectral", "hdbscan",
]  # fmt: skip

Pretraining = Literal["reconstruction", "neighbours", "variational", "mutual-information"]


class Registered(NamedTuple):
    """Where an estimator's class is, and with what it is made under this name."""

    module: str
    name: str
    parameters: Mapping[str, Any] = MappingProxyType({})


REGISTRY: Final[dict[Estimator, Registered]] = {
    "nightfold": Registered("models.nightfold.clustering", "NightfoldClustering"),
    "dec": Registered("models.estimators.dec", "DEC"),
    "idec": Registered("models.estimators.idec", "IDEC"),
    "dcn": Registered("models.estimators.dcn", "DCN"),
    "vade": Registered("models.estimators.vade", "VaDE"),
    "separation": Registered("models.estimators.separation_clustering", "SeparationClustering"),
    "mutual-information": Registered(
        "models.estimators.mutual_information", "MutualInformationClustering"
    ),
    "latent-k-means": Registered(
        "models.estimators.latent_clustering", "LatentClustering", {"assignment": "k-means"}
    ),
    "latent-mixture": Registered(
        "models.estimators.latent_clustering", "LatentClustering", {"assignment": "likelihood"}
    ),
    "latent-transport": Registered(
        "models.estimators.latent_clustering", "LatentClustering", {"assignment": "transport"}
    ),
    "k-means": Registered("models.estimators.baselines", "KMeansBaseline"),
    "ward": Registered("models.estimators.baselines", "WardBaseline"),
    "gaussian-mixture": Registered("models.estimators.baselines", "GaussianMixtureBaseline"),
    "spectral": Registered("models.estimators.baselines", "SpectralBaseline"),
    "hdbscan": Registered("models.estimators.baselines", "HDBSCANBaseline"),
}


_GRANULARITY: Final = 2.0


class ClusteringSettings(BaseModel):
    """Which estimator clusters the window, and into how many clusters."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    estimator: Estimator = Field("nightfold", description="The clustering method.")
    n_clusters: PositiveInt | Literal["auto"] = Field(
        "auto", description="Number of clusters; auto: the number that halves of the feed agree on."
    )
    pretraining: Pretraining | None = Field(
        None,
        description="How an autoencoder is pretrained, for the deep methods but nightfold; by"
        " reconstruction if left empty.",
    )
    granularity: float = Field(
        _GRANULARITY,
        gt=0,
        le=10,
        description="How fine the clusters are that auto finds: 1 is coarse, 4 is fine; for"
        " nightfold only.",
    )
    device: str = Field(
        "auto",
        description="auto, cpu, cuda, cuda:0 (the first of several) or mps; of the encoder too.",
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        """Reject what the estimator does not support.

        Only a setting that differs from its default is checked: the class is slow to import.
        """
        if self.pretraining is not None:
            _require_pretraining(self.estimator, self.pretraining)
        if self.granularity != _GRANULARITY and not class_of(self.estimator).finds_topics:
            raise ValueError(f"granularity must be left out with {self.estimator!r}")
        if self.n_clusters != "auto" and not class_of(self.estimator).takes_n_clusters:
            raise ValueError(
                f"n_clusters must be 'auto' with {self.estimator!r}, got {self.n_clusters}"
            )
        return self


def class_of(estimator: Estimator) -> type[Clusterer]:
    """Import an estimator's class."""
    registered = REGISTRY[estimator]
    found: type[Clusterer] = getattr(import_module(registered.module), registered.name)
    return found


def new_estimator(
    settings: ClusteringSettings,
    view_dims: tuple[int, ...],
    random_state: int,
    near: tuple[int, int] | None = None,
    is_foreign: bool = False,
    rows: Literal["texts", "items"] = "texts",
) -> Clusterer:
    """Make the configured estimator, unfitted.

    Parameters
    ----------
    settings
        Which one.
    view_dims
        Widths of the views, the embedding first.
    random_state
        Seed of everything random in it.
    near
        Numbers of topics and clusters that an earlier fit of the feed chose, if one did.
    is_foreign
        Whether most texts are in languages that the encoder has not learnt.
    rows
        What is clustered.
    """
    made: Any = class_of(settings.estimator)
    parameters: dict[str, Any] = {
        "n_clusters": settings.n_clusters,
        "random_state": random_state,
        "device": settings.device,
        **REGISTRY[settings.estimator].parameters,
    }
    if made.uses_views:
        parameters["view_dims"] = view_dims
        if is_foreign:
            parameters["lexical_weight"] = FOREIGN_LEXICAL_WEIGHT
    if made.finds_topics:
        parameters |= {"granularity": settings.granularity, "near": near}
        parameters["rows"] = rows
    if settings.pretraining is not None:
        parameters["pretraining"] = settings.pretraining
    estimator: Clusterer = made(**parameters)
    return estimator


def load_estimator(settings: ClusteringSettings, folder: Path) -> Clusterer:
    """Load a saved estimator."""
    return class_of(settings.estimator).load(folder)


def _require_pretraining(estimator: Estimator, pretraining: Pretraining) -> None:
    known = class_of(estimator).pretrainings
    if not known:
        raise ValueError(f"pretraining must be left out with {estimator!r}")
    if pretraining not in known:
        raise ValueError(f"pretraining must not be {pretraining!r} with {estimator!r}")
