import numpy as np
import pytest

from models.core.arrays import Floats, normalise_rows
from models.plane import layout
from models.plane.layout import lay_out


def islands(n_each: int, n_islands: int = 4) -> tuple[Floats, np.ndarray]:
    rng = np.random.default_rng(0)
    middles = rng.normal(size=(n_islands, 32))
    labels = np.repeat(np.arange(n_islands), n_each)
    rows = middles[labels] + 0.3 * rng.normal(size=(len(labels), 32))
    return normalise_rows(rows.astype(np.float32)), labels


def test_rows_lie_with_their_like_and_the_same_every_time() -> None:
    X, labels = islands(30)
    places = lay_out(X, None, 0)
    away = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(away, np.inf)
    assert (labels[away.argmin(axis=1)] == labels).mean() > 0.98
    assert lay_out(X, None, 0).tobytes() == places.tobytes()


@pytest.mark.parametrize("n_samples", [0, 1, 2, 7])
def test_few_rows_have_places_too(n_samples: int) -> None:
    places = lay_out(islands(2)[0][:n_samples], None, 0)
    assert places.shape == (n_samples, 2)
    assert np.isfinite(places).all()


def test_what_is_too_much_to_lay_out_is_placed_beside_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(layout, "MOST_LAID_OUT", 60)
    X, labels = islands(30)
    places = lay_out(X, None, 0)
    middles = np.stack([np.median(places[labels == it], axis=0) for it in range(4)])
    nearest = np.linalg.norm(places[:, None] - middles[None], axis=2).argmin(axis=1)
    assert (nearest == labels).mean() > 0.95
