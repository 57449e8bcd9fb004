"""Place vectors in the clusters of a night by its models: whoever has new texts asks here.

Reads  the model of the night, its lexical model, its identity
Writes nothing
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict

from models.core.arrays import AnyFloats, Floats, normalise_rows
from tasks.clusters.estimators import ClusteringSettings, class_of, load_estimator
from tasks.clusters.memberships import joined, parted
from tasks.store.storage import ModelRef

M = TypeVar("M")


class Load(Protocol):
    """Loads a saved model, as `tasks.store.storage.load_model` does."""

    def __call__(self, model: ModelRef, load: Callable[[Path], M], /) -> M:
        """Return what `load` makes of the folder with the model's files."""
        ...


class NightModels(BaseModel):
    """The models of a night, and what their labels mean."""

    model_config = ConfigDict(frozen=True)

    clustering: ModelRef
    lexical: ModelRef
    identity: ModelRef
    settings: ClusteringSettings
    published: str
    """Which labels: refined or baseline."""
    cluster_ids: dict[int, str]
    """Label of the model → cluster_id; not asked for where those of k-means are published."""
    whole_of: dict[str, str]
    """Cluster that the model does not know → the one that it puts their texts in."""


@dataclass(frozen=True)
class Placer:
    """Places texts in the clusters of a night.

    Parameters
    ----------
    cluster_ids
        The cluster of each column of the memberships.
    lay_out
        Embeddings with rows of length 1, shape (n_texts, embedding_dim), and their texts → what the
        model sees of them, shape (n_texts, n_features).
    memberships
        What the model sees → memberships, shape (n_texts, n_clusters).
    fuse
        What the model sees → rows of length 1 in which texts that are alike lie near each other.
    """

    cluster_ids: list[str]
    lay_out: Callable[[Floats, Sequence[str]], Floats]
    memberships: Callable[[Floats], AnyFloats]
    fuse: Callable[[Floats], Floats]


def load_placer(load: Load, models: NightModels, there: Collection[str]) -> Placer:
    """Load what places texts as the night has published them.

    Parameters
    ----------
    load
        Loads the models.
    models
        Of the night.
    there
        The night's clusters: it remembers others, which have vanished.
    """
    # A model that is carried over from a night of an older nightfold says no ids.
    if models.published == "baseline" or not models.cluster_ids:
        return _by_centroids(_centroids(load, models.identity), there)
    return _by_model(load, models)


def _by_centroids(centroids: Mapping[str, Floats], there: Collection[str]) -> Placer:
    """Place by the centroids in the embedding space, where k-means was published."""
    from models.core.memberships import memberships

    cluster_ids = [cluster_id for cluster_id in centroids if cluster_id in there]
    stacked = np.stack([centroids[cluster_id] for cluster_id in cluster_ids])
    return Placer(
        cluster_ids,
        lay_out=lambda embedding, _texts: embedding,
        memberships=lambda embedding: memberships(embedding @ stacked.T),
        fuse=normalise_rows,
    )


def _by_model(load: Load, models: NightModels) -> Placer:
    """Place by the refined model, whose labels are pieces of clusters or hold several."""
    from models.text.lexical.views import LexicalViews

    estimator = load(models.clustering, partial(load_estimator, models.settings))
    uses_views = class_of(models.settings.estimator).uses_views
    has_views = uses_views and bool(models.lexical.files)
    views = load(models.lexical, LexicalViews.load) if has_views else None
    known = sorted(set(models.cluster_ids.values()))
    place = {label: known.index(it) for label, it in models.cluster_ids.items()}
    centroids = _centroids(load, models.identity) if models.whole_of else {}
    cuts = _cuts(known, models.whole_of, centroids)

    def lay_out(embedding: Floats, texts: Sequence[str]) -> Floats:
        return np.hstack([embedding, views.transform(texts)]) if views else embedding

    def memberships(X: Floats) -> AnyFloats:
        q = joined(estimator.predict_proba(X), place)
        for column, _, stories in cuts:
            q = parted(q, column, X[:, : stories.shape[1]] @ stories.T)
        return q

    cluster_ids = [*known, *(part for _, parts, _ in cuts for part in parts)]
    fuse = estimator.fuse if uses_views else normalise_rows
    return Placer(cluster_ids, lay_out, memberships, fuse)


def _cuts(
    known: list[str], whole_of: Mapping[str, str], centroids: Mapping[str, Floats]
) -> list[tuple[int, list[str], Floats]]:
    """Find the clusters from which others were parted: column, parts, centroids of all of it."""
    cuts = []
    for column, whole in enumerate(known):
        parts = sorted(part for part, its_whole in whole_of.items() if its_whole == whole)
        if parts:
            cuts.append((column, parts, np.stack([centroids[it] for it in (whole, *parts)])))
    return cuts


def _centroids(load: Load, identity: ModelRef) -> dict[str, Floats]:
    """Return the centroid of every cluster that the night knew, by cluster_id."""
    from models.core.persistence import load_state

    tensors, facts = load(identity, load_state)
    cluster_ids = [cluster["cluster_id"] for cluster in facts["clusters"]]
    return dict(zip(cluster_ids, tensors["centroids"], strict=True))
