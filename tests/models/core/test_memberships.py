import numpy as np
import pytest
from scipy.special import softmax

from models.core.arrays import normalise_rows
from models.core.memberships import TEMPERATURE, memberships, recentred


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_memberships_are_a_softmax_over_cosines(dtype: type) -> None:
    cosines = np.random.default_rng(0).uniform(-1, 1, (20, 7)).astype(dtype)
    found = memberships(cosines)
    assert found.dtype == dtype
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(found, softmax(cosines / TEMPERATURE, axis=1), rtol=1e-4)


def test_a_lead_of_a_tenth_is_seven_times_the_membership() -> None:
    ((first, second),) = memberships(np.array([[0.6, 0.5]]))
    assert first / second == pytest.approx(np.exp(2))


def test_rows_of_another_kind_are_placed_beside_their_like() -> None:
    """What the model says is off for many of the new rows; where they lie puts it right."""
    rng = np.random.default_rng(0)
    themes = np.repeat([0, 1, 2], 40)
    X = np.eye(8, dtype=np.float32)[themes + 3] + rng.normal(0, 0.1, (120, 8)).astype(np.float32)
    X = normalise_rows(X)
    said = np.eye(3, dtype=np.float32)[np.where(rng.random(120) < 0.3, 0, themes)]
    found = recentred(X, said, np.zeros((3, 8), dtype=np.float32))
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
    assert (said.argmax(axis=1) != themes).sum() > 10
    assert (found.argmax(axis=1) == themes).all()


def test_known_rows_hold_clusters_in_their_place() -> None:
    X = np.eye(2, dtype=np.float32)[[0, 0]]
    nothing = np.full((2, 2), 0.5, dtype=np.float32)
    turned = recentred(X, nothing, np.array([[0, 2], [1, 0]], dtype=np.float32))
    assert turned.argmax(axis=1).tolist() == [1, 1]
    assert turned.shape == (2, 2)
