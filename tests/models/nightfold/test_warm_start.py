from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.exceptions import NotFittedError
from sklearn.metrics import adjusted_rand_score

from models.networks.heads import ClusterHeads
from models.nightfold.clustering import NightfoldClustering
from models.nightfold.warm_start import with_replay


def planted(n_samples: int, seed: int, n_themes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Rows of planted themes; the same themes whatever the seed."""
    themes = np.random.default_rng(7).normal(size=(n_themes, 24))
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n_samples) % n_themes)
    return (themes[labels] + 0.5 * rng.normal(size=(n_samples, 24))).astype(np.float32), labels


@pytest.fixture(scope="module")
def yesterday() -> NightfoldClustering:
    return NightfoldClustering(4, latent_dim=8, pretrain_epochs=5).fit(planted(300, 0)[0])


def again(folder: Path, model: NightfoldClustering) -> NightfoldClustering:
    model.save(folder)
    return NightfoldClustering.load(folder)


def test_it_goes_on_after_a_night_on_disk(yesterday: NightfoldClustering, tmp_path: Path) -> None:
    old, _ = planted(300, 0)
    new, truth = planted(60, 1)
    X, is_new = np.vstack([old, new]), np.arange(360) >= 300
    warm = again(tmp_path, yesterday).continue_pretraining(X, is_new).continue_refinement(X)
    assert warm.labels_.shape == (360,)
    assert (warm.labels_[:300] == yesterday.labels_).mean() > 0.97  # labels mean what they meant
    assert adjusted_rand_score(truth, warm.labels_[300:]) > 0.95
    np.testing.assert_allclose(warm.soft_assignments_.sum(axis=1), 1, atol=1e-5)
    assert warm.evidence_.is_continued
    assert adjusted_rand_score(planted(80, 2)[1], warm.predict(planted(80, 2)[0])) > 0.95
    assert again(tmp_path / "2", warm).evidence_ == warm.evidence_


def test_it_learns_but_slowly(yesterday: NightfoldClustering, tmp_path: Path) -> None:
    X, _ = planted(300, 0)
    warm = again(tmp_path, yesterday).continue_pretraining(X, np.arange(300) >= 250)
    moved = warm.transform(X) - yesterday.transform(X)
    assert 0 < np.abs(moved).mean() < 0.5 * np.abs(yesterday.transform(X)).mean()


def test_the_same_night_gives_the_same_bits(yesterday: NightfoldClustering, tmp_path: Path) -> None:
    X, is_new = planted(360, 0)[0], np.arange(360) >= 300
    one, other = (
        again(tmp_path / name, yesterday).continue_pretraining(X, is_new).continue_refinement(X)
        for name in ("a", "b")
    )
    np.testing.assert_array_equal(one.soft_assignments_, other.soft_assignments_)


def test_a_cluster_without_rows_is_gone(yesterday: NightfoldClustering, tmp_path: Path) -> None:
    X, labels = planted(300, 0)
    fewer = X[labels != 2]
    warm = again(tmp_path, yesterday).continue_refinement(fewer)
    assert warm.n_clusters_ == 3
    assert warm.predict_proba(X).shape == (300, 3)
    assert np.unique(warm.labels_).tolist() == [0, 1, 2]
    gone = np.bincount(yesterday.labels_[labels == 2]).argmax()
    assert warm.topics_.tolist() == [it for it in range(4) if it != gone]  # each is one of its own


def test_nothing_goes_on_from_nothing() -> None:
    X, _ = planted(60, 0)
    with pytest.raises(NotFittedError):
        NightfoldClustering(4).continue_refinement(X)
    with pytest.raises(NotFittedError):
        NightfoldClustering(4).continue_pretraining(X, np.ones(60, dtype=bool))


def test_as_many_old_rows_are_replayed_as_are_new() -> None:
    is_new = np.arange(100) >= 90
    chosen = with_replay(is_new, 0)
    assert is_new[chosen].sum() == 10
    assert len(chosen) == 20
    assert np.all(np.diff(chosen) > 0)
    assert len(with_replay(np.arange(10) >= 2, 0)) == 10


def test_heads_forget_a_cluster_and_nothing_else() -> None:
    heads = ClusterHeads([6, 3], 4, 5, 0.1).eval()
    views = [torch.randn(7, 6), torch.randn(7, 3)]
    whole = heads.predict_proba(views)[:, [0, 3]]
    expected = whole / whole.sum(dim=1, keepdim=True)
    torch.testing.assert_close(
        heads.restricted_to(torch.tensor([0, 3])).predict_proba(views), expected
    )
