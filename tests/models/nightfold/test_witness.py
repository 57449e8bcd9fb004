import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import balanced_accuracy_score

from models.nightfold.witness import told_from

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 4, 200)
ROWS = (np.eye(4)[LABELS] + RNG.normal(0, 0.4, (200, 4))).astype(np.float32)


def test_it_is_ridge_regression_on_the_memberships_scored_on_rows_held_out() -> None:
    fold = np.random.default_rng(0).permutation(200) % 3
    predicted = np.zeros(200, dtype=np.int64)
    for held_out in range(3):
        seen = fold != held_out
        alpha = float((ROWS**2).sum(axis=1).mean())
        model = Ridge(alpha=alpha).fit(ROWS[seen], np.eye(4)[LABELS[seen]])
        predicted[~seen] = model.predict(ROWS[~seen]).argmax(axis=1)
    assert told_from(ROWS, LABELS) == pytest.approx(balanced_accuracy_score(LABELS, predicted))


def test_the_scale_of_the_rows_does_not_matter() -> None:
    assert told_from(10 * ROWS, LABELS) == pytest.approx(told_from(ROWS, LABELS))


def test_clusters_by_chance_are_not_told() -> None:
    assert told_from(ROWS, LABELS) > 0.7
    assert told_from(ROWS, RNG.permutation(LABELS)) < 0.4


def test_clusters_of_fewer_than_three_do_not_count() -> None:
    labels = np.r_[np.zeros(2, dtype=np.int64), np.ones(198, dtype=np.int64)]
    assert told_from(ROWS, labels) == 1
    assert told_from(ROWS[:2], np.array([0, 1])) == 0
