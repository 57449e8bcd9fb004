import numpy as np
import pytest

from models.insight.restlessness import restlessness


def drawn(truth: float, mean: float, n_clusters: int = 40, seed: int = 0) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    expected = np.full((n_clusters, 60), mean)
    rates = rng.gamma(1 / truth, truth, expected.shape) if truth else 1.0
    return rng.poisson(expected * rates), expected


@pytest.mark.parametrize("truth", [0.1, 0.3])
def test_it_is_what_the_documents_vary_beyond_chance(truth: float) -> None:
    found = restlessness(*drawn(truth, 30))
    assert found.mean() == pytest.approx(truth, rel=0.2)


def test_chance_alone_is_taken_for_a_little() -> None:
    assert restlessness(*drawn(0, 30)).max() < 0.05


def test_a_burst_of_one_cluster_says_nothing_of_the_others() -> None:
    large, small = drawn(0.1, 30), (np.zeros((3, 60), int), np.full((3, 60), 0.01))
    counts, expected = (np.vstack(both) for both in zip(large, small, strict=True))
    calm = restlessness(counts, expected)
    counts[0, 7] = 600
    found = restlessness(counts, expected)
    assert found[0] > 3
    np.testing.assert_allclose(found[1:], calm[1:], atol=0.02)


def test_clusters_of_few_documents_are_taken_to_be_as_the_feed_is() -> None:
    assert restlessness(*drawn(0.3, 0.05)) == pytest.approx(np.full(40, 0.05), abs=0.1)
