"""Rows of the table `metrics`: each figure of the clusters beside that of plain k-means."""

import numpy as np
import pytest

from tasks.reporting.figures import (
    Rivals,
    Stability,
    coherence_row,
    geometry_rows,
    size_rows,
    stability_of_each,
    stability_row,
    truth_rows,
)

GOOD, BAD = np.repeat([0, 1], 20), np.arange(40) % 2
RIVALS = Rivals(GOOD, BAD)
X = np.eye(2, dtype=np.float32)[GOOD] + np.linspace(0, 0.1, 80, dtype=np.float32).reshape(40, 2)


def values(rows: list[dict[str, object]]) -> dict[object, tuple[object, object]]:
    return {row["metric"]: (row["value"], row["baseline_value"]) for row in rows}


def test_sizes_are_counted_on_both_sides() -> None:
    found = values(size_rows(Rivals(np.array([0, 0, 0, 1]), np.zeros(4, int))))
    assert found["n_clusters"] == (2, 1)
    assert found["largest_share"] == (0.75, 1)
    assert found["smallest_share"] == (0.25, 1)


def test_true_labels_tell_good_clusters_from_bad_ones() -> None:
    found = values(truth_rows(GOOD, RIVALS))
    assert found["acc"] == (1, 0.5)
    assert found["nmi"] == pytest.approx((1, 0))


def test_compact_clusters_have_the_better_geometry() -> None:
    rows = geometry_rows("latent", X, RIVALS, 0)
    found = values(rows)
    assert {row["space"] for row in rows} == {"latent"}
    assert found["silhouette"][0] > 0.8 > found["silhouette"][1]  # type: ignore[operator]
    assert found["davies_bouldin"][0] < found["davies_bouldin"][1]  # type: ignore[operator]


def test_both_sides_are_looked_for_in_the_same_resamples() -> None:
    found = stability_of_each(X, 2, 0, RIVALS)
    assert found == stability_of_each(X, 2, 0, RIVALS)
    assert min(found.labels.values()) > 0.8 > max(found.baseline.values())


def test_stability_is_the_mean_over_texts_not_over_clusters() -> None:
    rivals = Rivals(np.array([0, 0, 0, 1]), np.array([0, 1, 1, 1]))
    row = stability_row(rivals, Stability({0: 1.0, 1: 0.0}, {0: 1.0, 1: 0.0}))
    assert (row["value"], row["baseline_value"]) == (0.75, 0.25)


def test_coherence_is_that_of_the_texts_at_the_positions() -> None:
    texts = ["coffee machine leaks"] * 6 + ["parcel came late"] * 6
    positions = np.array([0, 1, 2, 3, 4, 5, 20, 21, 22, 23, 24, 25])
    row = coherence_row(texts, positions, RIVALS)
    assert row["value"] == pytest.approx(1)
    assert row["baseline_value"] < row["value"]
