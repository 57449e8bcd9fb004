from pathlib import Path

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.metrics import adjusted_rand_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from models.core.graph import nearest_neighbours
from models.core.persistence import STEADY_FILE, load_state, save_state
from models.counting.n_clusters import NClustersChoice
from models.counting.votes import Seen
from models.nightfold import cotraining
from models.nightfold.clustering import NightfoldClustering
from models.nightfold.state import restore, state_of
from models.quality.metrics import clustering_accuracy

EXPECTED_FAILURES: dict[str, str] = {}


def feed(n_samples: int = 240, n_topics: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Noisy topics: 16 semantic columns, then 8 lexical ones."""
    rng = np.random.default_rng(seed)
    topics = np.random.default_rng(99).normal(size=(n_topics, 24))
    labels = np.arange(n_samples) % n_topics
    return (topics[labels] + 0.7 * rng.normal(size=(n_samples, 24))).astype(np.float32), labels


def fitted(X: np.ndarray, n_clusters: int = 3, **params: object) -> NightfoldClustering:
    quick = {"view_dims": (16, 8), "pretrain_epochs": 2, "deep_refinement": False}
    return NightfoldClustering(n_clusters, **(quick | params)).fit(X)


@pytest.fixture
def short_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """Train the heads for a few epochs: how good the clusters are is not asked."""
    monkeypatch.setattr(cotraining, "MAX_EPOCHS", 5)


@parametrize_with_checks(
    [NightfoldClustering(2, pretrain_epochs=1, deep_refinement=False)],
    expected_failed_checks=lambda _: EXPECTED_FAILURES,
)
def test_it_keeps_the_contract_of_scikit_learn(estimator: object, check: object) -> None:
    check(estimator)  # type: ignore[operator]


def test_planted_topics_are_found() -> None:
    X, truth = feed()
    model = fitted(X, deep_refinement=True)
    assert model.evidence_.score_after is not None
    assert clustering_accuracy(truth, model.labels_) > 0.97


def test_fused_rows_are_those_in_which_neighbours_were_looked_for() -> None:
    X, _ = feed(90)
    model = NightfoldClustering(3, view_dims=(16, 8), pretrain_epochs=1).pretrain(X)
    fused = model.fuse(X)
    np.testing.assert_allclose(np.linalg.norm(fused, axis=1), 1, rtol=1e-5)
    near = nearest_neighbours(fused, 5).indices
    np.testing.assert_array_equal(model.searched_.neighbours.indices[:, :5], near)
    with pytest.raises(NotFittedError):
        NightfoldClustering(3).fuse(X)


@pytest.mark.parametrize("n_fitted", [60, 90])
def test_it_knows_where_the_rows_lie_that_it_was_refined_on(
    n_fitted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.nightfold.sampling.MOST_FITTED", n_fitted)
    X, _ = feed(90)
    model = fitted(X)
    np.testing.assert_allclose(model.latent_, model.transform(X), atol=1e-5)
    means = [model.latent_[model.labels_ == it].mean(axis=0) for it in range(3)]
    np.testing.assert_allclose(model.cluster_centers_, means, atol=1e-5)


@pytest.mark.usefixtures("short_training")
def test_the_same_seed_gives_the_same_bits() -> None:
    X, _ = feed(90)
    one, other = (fitted(X, random_state=7, deep_refinement=True) for _ in range(2))
    np.testing.assert_array_equal(one.soft_assignments_, other.soft_assignments_)
    np.testing.assert_array_equal(one.predict_proba(X), other.predict_proba(X))
    np.testing.assert_array_equal(one.transform(X), other.transform(X))


def test_pretrain_then_refine_is_fit() -> None:
    X, _ = feed()
    whole = fitted(X)
    staged = NightfoldClustering(**whole.get_params()).pretrain(X).refine(X)
    np.testing.assert_array_equal(staged.soft_assignments_, whole.soft_assignments_)


def test_unseen_documents_are_placed_with_their_topic() -> None:
    X, truth = feed()
    unseen, unseen_truth = feed(seed=1)
    model = fitted(X)
    assert clustering_accuracy(truth, model.predict(X)) > 0.97
    both = np.concatenate([model.labels_, model.predict(unseen)])
    assert clustering_accuracy(np.concatenate([truth, unseen_truth]), both) > 0.95


def test_memberships_confidences_and_margins_agree() -> None:
    model = fitted(feed()[0])
    q = model.soft_assignments_
    np.testing.assert_allclose(q.sum(axis=1), 1.0, rtol=1e-5)
    np.testing.assert_array_equal(q.argmax(axis=1), model.labels_)
    np.testing.assert_array_equal(q.max(axis=1), model.confidence_)
    assert np.all(model.margin_ <= model.confidence_)
    assert model.cluster_centers_.shape == (3, model.transform(feed()[0]).shape[1])
    assert np.bincount(model.labels_, minlength=3).min() > 0


def test_saved_between_the_stages_and_after_them_it_does_the_same(tmp_path: Path) -> None:
    X, _ = feed()
    pretrained = NightfoldClustering(
        "auto", view_dims=(16, 8), lexical_weight=3, pretrain_epochs=2, deep_refinement=False
    ).pretrain(X)
    pretrained.save(tmp_path / "pretrained")
    whole = pretrained.refine(X)
    resumed = NightfoldClustering.load(tmp_path / "pretrained").refine(X)
    np.testing.assert_array_equal(resumed.soft_assignments_, whole.soft_assignments_)
    resumed.save(tmp_path / "whole")
    loaded = NightfoldClustering.load(tmp_path / "whole")
    np.testing.assert_array_equal(loaded.predict_proba(X), whole.predict_proba(X))
    np.testing.assert_array_equal(loaded.labels_, whole.labels_)
    assert loaded.get_params() == whole.get_params()
    assert loaded.evidence_ == whole.evidence_
    assert loaded.n_clusters_choice_ == whole.n_clusters_choice_
    steady = [(tmp_path / it / STEADY_FILE).read_bytes() for it in ("pretrained", "whole")]
    assert steady[0] == steady[1], "a refinement learns no other projection"
    save_state(tmp_path / "older", *load_state(tmp_path / "whole"))
    assert not (tmp_path / "older" / STEADY_FILE).exists()
    older = NightfoldClustering.load(tmp_path / "older")
    np.testing.assert_array_equal(older.predict_proba(X), whole.predict_proba(X))


@pytest.mark.usefixtures("short_training")
def test_what_is_learnt_is_kept_in_16_bits_and_nothing_is_lost_by_that(tmp_path: Path) -> None:
    X, _ = feed(60)
    learnt = fitted(X)
    for model in (learnt, learnt.continue_pretraining(X, np.arange(60) > 50)):
        tensors, _ = state_of(model.continue_refinement(X))
        wide = {name for name, it in tensors.items() if it.ndim == 2 and it.dtype != np.float16}
        assert wide == {"soft_assignments_", "cluster_centers_"}
        model.save(tmp_path)
        loaded = NightfoldClustering.load(tmp_path)
        assert loaded.view_.projection.components.dtype == np.float32
        np.testing.assert_array_equal(loaded.transform(X), model.transform(X))
        np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))


def test_themes_are_under_topics_after_a_night_on_disk_too(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    topics = np.repeat(rng.normal(size=(3, 24)), 3, axis=0)
    themes = np.arange(180) % 9
    centres = topics + 0.4 * rng.normal(size=(9, 24))
    X = (centres[themes] + 0.1 * rng.normal(size=(180, 24))).astype(np.float32)
    model = fitted(X, "auto", near=(3, 10))  # type: ignore[arg-type]
    model.save(tmp_path)
    loaded = NightfoldClustering.load(tmp_path)
    assert model.topics_.shape == (model.n_clusters_,)
    assert model.n_clusters_ > 2 * len(np.unique(model.topics_))
    assert adjusted_rand_score(themes // 3, model.topics_[model.labels_]) == 1
    np.testing.assert_array_equal(loaded.topics_, model.topics_)
    assert loaded.near == (3, 10)
    assert loaded.n_clusters_choice_ == model.n_clusters_choice_


def test_what_rows_are_is_kept_and_a_model_of_texts_reads_as_before_there_was_a_choice() -> None:
    X, _ = feed(60)
    quick = {"granularity": 0.5, "pretrain_epochs": 0}
    models = [NightfoldClustering(rows=it, **quick) for it in ("texts", "items")]
    kept = [state_of(it.pretrain(X)) for it in models]
    assert ["rows" in config["params"] for _, config in kept] == [False, True]
    loaded = NightfoldClustering()
    restore(loaded, *kept[1])
    assert loaded.rows == "items"
    loaded.set_params(deep_refinement=False).refine(X)
    assert loaded.n_clusters_ == loaded.n_clusters_choice_.n_themes == 3


@pytest.mark.usefixtures("short_training")
def test_items_are_clustered_whole_and_counted_by_their_views(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    X, _ = feed(60)
    seen: list[Seen] = []

    def count(given: Seen, *_: object) -> NClustersChoice:
        seen.append(given)
        return NClustersChoice(3, n_themes=3)

    monkeypatch.setattr("models.nightfold.partition.count_by_votes", count)
    quick = {"rows": "items", "pretrain_epochs": 1, "deep_refinement": False}
    views, whole = (
        NightfoldClustering(view_dims=dims, **quick).fit(X)  # type: ignore[arg-type]
        for dims in ((16, 8), None)
    )
    assert [[it.shape for it in given.views] for given in seen] == [[(60, 16), (60, 8)], []]
    assert views.view_.dims == (24,)
    np.testing.assert_array_equal(views.soft_assignments_, whole.soft_assignments_)


def test_loading_another_estimator_is_refused(tmp_path: Path) -> None:
    class Other(NightfoldClustering):
        pass

    X, _ = feed(30)
    NightfoldClustering(2, pretrain_epochs=0).pretrain(X).save(tmp_path)
    with pytest.raises(ValueError, match="estimator must be Other, got 'NightfoldClustering'"):
        Other.load(tmp_path)


@pytest.mark.usefixtures("short_training")
@pytest.mark.parametrize("n_clusters", [1, "auto"])
@pytest.mark.parametrize(
    "X",
    [np.ones((1, 4)), np.ones((3, 4)), np.zeros((3, 4)), np.eye(2, 4), feed(40)[0]],
    ids=["one", "identical", "zeros", "two", "forty"],
)
def test_few_documents_are_enough(X: np.ndarray, n_clusters: int | str) -> None:
    model = NightfoldClustering(n_clusters, pretrain_epochs=1).fit(X)
    assert model.labels_.shape == (len(X),)
    assert np.isfinite(model.soft_assignments_).all()
    assert np.isfinite(model.transform(X)).all()
    assert np.isfinite(model.predict_proba(X)).all()


def test_every_document_can_have_its_own_cluster() -> None:
    X, _ = feed(24)
    assert len(np.unique(fitted(X, 24).labels_)) == 24


def test_duplicates_share_a_cluster() -> None:
    X, _ = feed(60)
    labels = fitted(np.repeat(X, 3, axis=0)).labels_.reshape(60, 3)
    assert np.all(labels == labels[:, :1])


def test_more_clusters_than_distinct_documents_are_refused() -> None:
    X = np.repeat(feed(4)[0], 3, axis=0)
    with pytest.raises(ValueError, match="got n_clusters=5 for 4 distinct rows"):
        NightfoldClustering(5).fit(X)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_clusters", 0),
        ("n_clusters", "many"),
        ("view_dims", (25,)),
        ("view_dims", (24, 0)),
        ("granularity", 0),
        ("latent_dim", 0),
        ("n_neighbors", 0),
        ("pretrain_epochs", -1),
    ],
)
def test_a_parameter_out_of_range_is_named(name: str, value: object) -> None:
    model = NightfoldClustering().set_params(**{name: value})
    with pytest.raises(ValueError, match=name):
        model.fit(feed(30)[0])


@pytest.mark.usefixtures("short_training")
def test_progress_tells_of_every_epoch() -> None:
    X, _ = feed(60)
    told: list[tuple[str, int, int]] = []
    model = NightfoldClustering(3, pretrain_epochs=2)
    model.pretrain(X, lambda step, done, whole, _: told.append((step, done, whole)))
    assert told == [("pretrain", 1, 2), ("pretrain", 2, 2)]
    model.refine(X, lambda step, done, whole, _: told.append((step, done, whole)))
    assert told[-1][0] == "heads"
    assert len(told) - 2 == len(model.history_)


def test_refinement_can_be_left_out() -> None:
    model = fitted(feed()[0])
    assert not model.evidence_.is_refined
    assert model.evidence_.score_after is None
