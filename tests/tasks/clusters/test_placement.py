"""New vectors in the clusters of a night: by its model, by its pieces and parts, or by centroids."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.core.arrays import normalise_rows
from models.core.persistence import save_state
from models.estimators.baselines import KMeansBaseline
from models.nightfold.clustering import NightfoldClustering
from tasks.clusters.estimators import ClusteringSettings
from tasks.clusters.placement import NightModels, Placer, load_placer
from tasks.store.storage import ModelRef, Store, keep_model, load_model

AXES = np.eye(4, dtype=np.float32)
Place = Callable[..., Placer]


@pytest.fixture
def place(store: Store) -> Place:
    """Load the placer of a night whose k-means model has a cluster for each of three axes."""
    rng = np.random.default_rng(0)
    X = np.repeat(AXES[:3], 20, axis=0) + rng.normal(0, 0.01, (60, 4)).astype(np.float32)
    estimator = KMeansBaseline(3).fit(X)
    label_of = {axis: int(estimator.labels_[20 * axis]) for axis in range(3)}

    def identity(folder: Path) -> None:
        ids = ["gone", "c-1", "c-2", "c-3", "c-part"]
        centroids = np.vstack([AXES[3], AXES[:3], (AXES[2] + AXES[3]) / np.sqrt(2)])
        facts: Any = {"clusters": [{"cluster_id": it} for it in ids]}
        save_state(folder, {"centroids": centroids.astype(np.float32)}, facts)

    def load(published: str, ids: dict[int, str], whole_of: dict[str, str] | None = None) -> Placer:
        models = NightModels(
            clustering=keep_model(store, "t", estimator.save),
            lexical=ModelRef(files={}),
            identity=keep_model(store, "t", identity),
            settings=ClusteringSettings(estimator="k-means"),
            published=published,
            cluster_ids={label_of[axis]: it for axis, it in ids.items()},
            whole_of=whole_of or {},
        )

        def from_store(model: ModelRef, read: Callable[[Path], Any], /) -> Any:
            return load_model(store, model, read)

        return load_placer(from_store, models, {"c-1", "c-2", "c-3", "c-part"})

    return load


def winners(placer: Placer, X: np.ndarray) -> list[str]:
    q = placer.memberships(placer.lay_out(X.astype(np.float32), [""] * len(X)))
    assert q.shape == (len(X), len(placer.cluster_ids))
    np.testing.assert_allclose(q.sum(axis=1), 1, rtol=1e-5)
    return [placer.cluster_ids[it] for it in q.argmax(axis=1)]


def test_the_model_places_by_what_its_labels_mean(place: Place) -> None:
    placer = place("refined", {0: "c-3", 1: "c-1", 2: "c-2"})
    assert winners(placer, AXES[:3]) == ["c-3", "c-1", "c-2"]


def test_pieces_of_one_cluster_are_added_up(place: Place) -> None:
    placer = place("refined", {0: "c-1", 1: "c-2", 2: "c-1"})
    assert placer.cluster_ids == ["c-1", "c-2"]
    assert winners(placer, AXES[:3]) == ["c-1", "c-2", "c-1"]


def test_a_cluster_that_was_parted_is_shared_out(place: Place) -> None:
    placer = place("refined", {0: "c-1", 1: "c-2", 2: "c-3"}, {"c-part": "c-3"})
    assert placer.cluster_ids == ["c-1", "c-2", "c-3", "c-part"]
    between = (AXES[2] + 0.6 * AXES[3]) / np.linalg.norm(AXES[2] + 0.6 * AXES[3])
    assert winners(placer, np.vstack([AXES[2], between, AXES[0]])) == ["c-3", "c-part", "c-1"]


def test_a_model_that_says_no_ids_leaves_it_to_centroids(place: Place) -> None:
    assert winners(place("refined", {}), AXES[:2]) == ["c-1", "c-2"]


def test_where_k_means_was_published_centroids_place_and_vanished_clusters_get_nothing(
    place: Place,
) -> None:
    placer = place("baseline", {})
    assert placer.cluster_ids == ["c-1", "c-2", "c-3", "c-part"]
    assert winners(placer, AXES) == ["c-1", "c-2", "c-3", "c-part"]


@pytest.mark.parametrize("published", ["refined", "baseline"])
def test_without_views_texts_are_near_by_their_embeddings(place: Place, published: str) -> None:
    placer = place(published, {0: "c-3", 1: "c-1", 2: "c-2"})
    X = placer.lay_out(AXES[:2], ["", ""])
    np.testing.assert_array_equal(placer.fuse(2 * X), AXES[:2])


def test_a_model_of_views_says_itself_where_texts_are_near(store: Store) -> None:
    rng = np.random.default_rng(0)
    X = np.repeat(AXES[:3], 20, axis=0) + rng.normal(0, 0.1, (60, 4)).astype(np.float32)
    model = NightfoldClustering(3, pretrain_epochs=1, deep_refinement=False).fit(X)
    models = NightModels(
        clustering=keep_model(store, "t", model.save),
        lexical=ModelRef(files={}),
        identity=ModelRef(files={}),
        settings=ClusteringSettings(),
        published="refined",
        cluster_ids={0: "c-1", 1: "c-2", 2: "c-3"},
        whole_of={},
    )
    placer = load_placer(partial(load_model, store), models, {"c-1", "c-2", "c-3"})
    seen = placer.lay_out(X, [""] * 60)
    np.testing.assert_allclose(placer.fuse(seen), model.fuse(X), atol=1e-6)
    assert not np.allclose(placer.fuse(seen)[:, :4], normalise_rows(X), atol=1e-2)
