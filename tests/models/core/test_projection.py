import numpy as np
import pytest
from sklearn.decomposition import PCA

from models.core.projection import LEXICAL_WEIGHT, FusedView, Projection, fuse


def matrix(n_samples: int = 80, n_features: int = 12, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    scale = np.linspace(3, 0.5, n_features)
    return (1 + scale * rng.normal(size=(n_samples, n_features))).astype(np.float32)


@pytest.mark.parametrize("n_features", [12, 90])
def test_the_projection_is_principal_component_analysis(n_features: int) -> None:
    X = matrix(n_features=n_features)
    ours, reference = Projection.fit(X, 4).transform(X), PCA(4).fit_transform(X)
    np.testing.assert_allclose(np.abs(ours), np.abs(reference), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("n_samples", "kept"), [(1, 1), (3, 2), (80, 12)])
def test_there_are_no_more_components_than_rows_or_columns(n_samples: int, kept: int) -> None:
    assert Projection.fit(matrix(n_samples), 50).transform(matrix(5)).shape == (5, kept)


@pytest.mark.parametrize("dims", [(8, 4), (6, 4, 2)])
def test_fused_rows_keep_the_cosines_of_all_views(dims: tuple[int, ...]) -> None:
    X = matrix()
    view = FusedView.fit(X, dims, 12)
    semantic, *lexical = view.split(X)
    np.testing.assert_allclose(np.linalg.norm(semantic, axis=1), 1, rtol=1e-5)
    each = LEXICAL_WEIGHT / np.sqrt(len(lexical))
    cosines = semantic @ semantic.T + each**2 * sum(part @ part.T for part in lexical)
    lengths = np.sqrt(np.maximum(2 - 2 * cosines / (1 + LEXICAL_WEIGHT**2), 0))
    fused = np.hstack([semantic, *(each * part for part in lexical)])
    fused /= np.sqrt(1 + LEXICAL_WEIGHT**2)
    projected = view.projection.transform(fused)  # every component is kept: distances stay
    gaps = np.linalg.norm(projected[:, None] - projected[None], axis=2)
    np.testing.assert_allclose(gaps, lengths, atol=2e-2)
    lengths = np.linalg.norm(projected, axis=1, keepdims=True)
    np.testing.assert_allclose(view.transform(X), projected / lengths, atol=1e-4)


def test_words_weigh_as_much_as_is_said_and_no_more() -> None:
    X = matrix()
    even = FusedView.fit(X, (8, 4), 12, lexical_weight=1.0)
    semantic, lexical = even.split(X)
    cosines = (semantic @ semantic.T + lexical @ lexical.T) / 2
    projected = even.projection.transform(fuse([semantic, lexical], 1.0))
    gaps = np.linalg.norm(projected[:, None] - projected[None], axis=2)
    np.testing.assert_allclose(gaps, np.sqrt(np.maximum(2 - 2 * cosines, 0)), atol=2e-2)
    lengths = np.linalg.norm(projected, axis=1, keepdims=True)
    np.testing.assert_allclose(even.transform(X), projected / lengths, atol=1e-5)


def test_the_common_direction_is_taken_out() -> None:
    X = matrix() + 5
    semantic = FusedView.fit(X, (12,), 4).split(X)[0]
    assert np.linalg.norm(semantic.mean(axis=0)) < 0.1


def test_without_lexical_columns_there_is_one_view() -> None:
    X = matrix()
    assert len(FusedView.fit(X, (12,), 4).split(X)) == 1


def test_a_row_is_seen_alike_alone_and_in_company() -> None:
    X = matrix()
    view = FusedView.fit(X, (8, 4), 6)
    np.testing.assert_allclose(view.transform(X[3:4]), view.transform(X)[3:4], atol=1e-6)
