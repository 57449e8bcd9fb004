import numpy as np
import pytest

from models.core.arrays import Floats, normalise_rows
from models.plane import settling
from models.plane.layout import lay_out
from models.plane.settling import settle


def a_story_begins(n_old: int = 120, n_new: int = 20) -> tuple[Floats, Floats, np.ndarray]:
    """Return four old islands laid out, and between their rows those of a fifth, strewn about."""
    rng = np.random.default_rng(0)
    labels = np.concatenate([np.arange(n_old) % 4, np.full(n_new, 4)])
    rows = rng.normal(size=(5, 32))[labels] + 0.3 * rng.normal(size=(len(labels), 32))
    X = normalise_rows(rows.astype(np.float32))
    is_placed = labels < 4
    positions = np.empty((len(X), 2), np.float32)
    positions[is_placed] = lay_out(X[is_placed], None, 0)
    chosen = rng.choice(np.flatnonzero(is_placed), n_new)
    positions[~is_placed] = positions[chosen] + 0.1 * rng.normal(size=(n_new, 2))
    shuffled = rng.permutation(len(X))
    return X[shuffled], positions[shuffled], is_placed[shuffled]


def test_new_rows_that_are_alike_find_each_other_and_the_old_ones_stay() -> None:
    X, positions, is_placed = a_story_begins()
    settled = settle(X, positions, is_placed)
    assert settled[is_placed].tobytes() == positions[is_placed].tobytes()
    away = np.linalg.norm(settled[~is_placed, None] - settled[None], axis=2)
    nearest = np.argsort(away, axis=1)[:, 1:11]
    assert (~is_placed)[nearest].mean() > 0.9
    assert settle(X, positions, is_placed).tobytes() == settled.tobytes()


def test_new_rows_are_held_against_some_of_very_many(monkeypatch: pytest.MonkeyPatch) -> None:
    X, positions, is_placed = a_story_begins(400)
    monkeypatch.setattr(settling, "MOST_BESIDE", 50)
    asked: list[int] = []
    components_of = settling.components_of

    def counted(rows: Floats) -> Floats:
        asked.append(len(rows))
        return components_of(rows)

    monkeypatch.setattr(settling, "components_of", counted)
    settled = settle(X, positions, is_placed)
    assert asked == [70]
    assert settled[is_placed].tobytes() == positions[is_placed].tobytes()
    before, after = (np.linalg.norm(it[~is_placed].std(axis=0)) for it in (positions, settled))
    assert after < 0.5 * before


@pytest.mark.parametrize("n_new", [0, 1, 3])
def test_few_new_rows_settle_too(n_new: int) -> None:
    X, positions, is_placed = a_story_begins(12, 3)
    kept = np.flatnonzero(is_placed | (np.cumsum(~is_placed) <= n_new))
    settled = settle(X[kept], positions[kept], is_placed[kept])
    assert settled.shape == (12 + n_new, 2)
    assert np.isfinite(settled).all()
