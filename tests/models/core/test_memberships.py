import numpy as np
import pytest
from scipy.special import softmax

from models.core.memberships import TEMPERATURE, memberships


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
