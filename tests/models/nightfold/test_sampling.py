"""A fit of very many rows: what is in the sample, and what becomes of the rows that are not."""

from pathlib import Path

import numpy as np
import pytest

from models.core.graph import Neighbours, nearest_neighbours
from models.nightfold import sampling
from models.nightfold.clustering import NightfoldClustering
from models.nightfold.sampling import rows_to_fit
from models.quality.metrics import clustering_accuracy


def groups(*sizes: int) -> tuple[np.ndarray, np.ndarray]:
    """Tight groups of so many rows around the axes of a space of six dimensions, shuffled."""
    rng = np.random.default_rng(0)
    truth = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    X = np.eye(6)[truth] + 0.05 * rng.normal(size=(len(truth), 6))
    return X.astype(np.float32), truth


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a hundred rows for very many, and sixty where a fit goes on."""
    monkeypatch.setattr(sampling, "MOST_FITTED", 100)
    monkeypatch.setattr(sampling, "MOST_CONTINUED", 60)


def test_no_more_than_can_be_fitted_are_all_fitted() -> None:
    assert rows_to_fit(groups(400, 40)[0], "auto", 0) == slice(None)
    assert rows_to_fit(groups(400, 40)[0], "auto", 0, goes_on=True) == slice(None)


@pytest.mark.usefixtures("few")
def test_groups_keep_their_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "_CELLS", 3)
    X, truth = groups(900, 80, 20)
    for seed in range(5):
        rows = rows_to_fit(X, "auto", seed)
        assert np.abs(np.bincount(truth[rows]) - [90, 8, 2]).max() <= 1


@pytest.mark.usefixtures("few")
def test_the_rim_of_a_group_keeps_its_share_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "_CELLS", 1)
    X, _ = groups(2_000)
    cosines = X[:, 0] / np.linalg.norm(X, axis=1)
    is_rim = cosines < np.quantile(cosines, 0.1)
    found = [is_rim[rows_to_fit(X, "auto", seed)].sum() for seed in range(5)]
    assert set(found) <= {9, 10, 11}


@pytest.mark.usefixtures("few")
def test_a_seed_gives_one_sample_in_order_and_no_row_twice() -> None:
    X, _ = groups(500, 100)
    rows = rows_to_fit(X, "auto", 3)
    np.testing.assert_array_equal(rows, rows_to_fit(X, "auto", 3))
    assert isinstance(rows, np.ndarray)
    assert (np.diff(rows) > 0).all()
    assert len(rows) == 100
    assert not np.array_equal(rows, rows_to_fit(X, "auto", 4))


@pytest.mark.usefixtures("few")
def test_the_sample_is_larger_where_many_clusters_are_asked_for() -> None:
    X, _ = groups(500, 100)
    rows = rows_to_fit(X, 10, 0)
    assert isinstance(rows, np.ndarray)
    assert len(rows) == 10 * sampling.ROWS_PER_CLUSTER
    assert rows_to_fit(X, 30, 0) == slice(None)


@pytest.mark.usefixtures("few")
def test_rows_beyond_the_sample_are_placed(tmp_path: Path) -> None:
    X, truth = groups(200, 120, 80)
    model = NightfoldClustering(3, pretrain_epochs=1, deep_refinement=False).pretrain(X)
    model.save(tmp_path)
    model.refine(X)
    assert clustering_accuracy(truth, model.labels_) == 1
    np.testing.assert_array_equal(model.labels_, model.soft_assignments_.argmax(axis=1))
    np.testing.assert_allclose(model.soft_assignments_.sum(axis=1), 1, rtol=1e-5)
    resumed = NightfoldClustering.load(tmp_path).refine(X)
    np.testing.assert_array_equal(resumed.soft_assignments_, model.soft_assignments_)


@pytest.mark.usefixtures("few")
def test_a_night_that_goes_on_is_fitted_on_a_sample_too(monkeypatch: pytest.MonkeyPatch) -> None:
    X, truth = groups(200, 120, 80)
    model = NightfoldClustering(3, pretrain_epochs=1, deep_refinement=False).fit(X[:300])
    searched: list[int] = []

    def counted(rows: np.ndarray, *given: object) -> Neighbours:
        searched.append(len(rows))
        return nearest_neighbours(rows, *given)  # type: ignore[arg-type]

    monkeypatch.setattr("models.nightfold.searched.nearest_neighbours", counted)
    model.continue_pretraining(X, np.arange(400) >= 300).continue_refinement(X)
    assert clustering_accuracy(truth, model.labels_) == 1
    assert searched == [60]


@pytest.mark.parametrize("n_fitted", [120, 240])
def test_rows_in_16_bits_are_clustered_as_the_same_numbers_in_32(
    n_fitted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "MOST_FITTED", n_fitted)
    narrow = groups(80, 80, 80)[0].astype(np.float16)
    found, expected = (
        NightfoldClustering(3, pretrain_epochs=2, random_state=0).fit(X)
        for X in (narrow, narrow.astype(np.float32))
    )
    np.testing.assert_array_equal(found.soft_assignments_, expected.soft_assignments_)
    np.testing.assert_array_equal(found.transform(narrow), expected.transform(narrow))
