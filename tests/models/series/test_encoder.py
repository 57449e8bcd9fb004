"""Encoders of series: kinds come apart, lengths may differ, and bits repeat."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from models.series.encoder import SeriesEncoder
from models.series.recurrent_encoder import RecurrentEncoder

Series = list[NDArray[np.float32]]
EITHER = pytest.mark.parametrize("kind", [SeriesEncoder, RecurrentEncoder])


@pytest.fixture(autouse=True)
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Train for a few steps: what is learnt is a question of one test."""
    monkeypatch.setattr("models.series.recurrent_encoder.STEPS", 3)


def _waves(n_series: int, seed: int = 0, n_channels: int = 1) -> tuple[Series, NDArray[np.int64]]:
    """Slow waves, fast ones, and steps; of unequal lengths, each begun somewhere."""
    rng = np.random.default_rng(seed)
    y = np.arange(n_series) % 3
    found = []
    for kind in y:
        time = np.arange(rng.integers(60, 90)) / 75
        begin = rng.uniform(0, 1, n_channels)
        turns = 2 * np.pi * ((2, 8, 1)[kind] * time[:, None] + begin)
        wave = np.sin(turns) if kind < 2 else np.sign(np.sin(turns))
        found.append((wave + rng.normal(0, 0.1, wave.shape)).astype(np.float32))
    return found, y


@EITHER
def test_new_series_lie_with_their_kind(
    kind: type[SeriesEncoder], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A hundred steps are enough for kinds as simple.
    monkeypatch.setattr("models.series.recurrent_encoder.STEPS", 100)
    (known, y), (new, y_new) = _waves(60), _waves(30, seed=1)
    encoder = kind.learn(known, 0, "cpu")
    vectors, placed = encoder.encode(known), encoder.encode(new)
    assert vectors.shape == (60, encoder.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(placed, axis=1), 1, rtol=1e-5)
    assert np.mean(y[(placed @ vectors.T).argmax(axis=1)] == y_new) > 0.85


@EITHER
@pytest.mark.parametrize("n_channels", [1, 3])
def test_an_encoder_comes_back_bit_for_bit(
    kind: type[SeriesEncoder], n_channels: int, tmp_path: Path
) -> None:
    series = _waves(30, n_channels=n_channels)[0]
    encoder, same = (kind.learn(series, 0, "cpu") for _ in range(2))
    encoder.save(tmp_path / "encoder")
    again = kind.load(tmp_path / "encoder", "cpu")
    assert again.encode(series).tobytes() == encoder.encode(series).tobytes()
    assert same.encode(series).tobytes() == encoder.encode(series).tobytes()


def test_each_view_of_a_vector_has_half_of_its_weight() -> None:
    series = _waves(20)[0]
    encoder = SeriesEncoder.learn(series, 0)
    views = np.split(encoder.encode(series), encoder.view_dims[:1], axis=1)
    assert tuple(it.shape[1] for it in views) == encoder.view_dims
    for view in views:
        np.testing.assert_allclose((view**2).sum(axis=1), 0.5, rtol=1e-5)


@EITHER
def test_a_vector_depends_on_its_series_alone(kind: type[SeriesEncoder]) -> None:
    series = _waves(30)[0]
    encoder = kind.learn(series, 0, "cpu")
    together = encoder.encode(series)
    for number in (0, 7):
        alone = encoder.encode([series[number]])[0]
        np.testing.assert_allclose(alone, together[number], atol=1e-4)


@EITHER
@pytest.mark.parametrize("n_series", [1, 2, 3])
def test_a_few_series_and_short_ones(kind: type[SeriesEncoder], n_series: int) -> None:
    encoder = kind.learn([it[:3] for it in _waves(n_series)[0]], 0, "cpu")
    assert np.isfinite(encoder.encode(_waves(2)[0])).all()
    assert encoder.encode([]).shape == (0, encoder.dimension)


def test_a_variational_code_is_drawn_towards_the_prior() -> None:
    series = _waves(60)[0]
    codes = {
        drawn: RecurrentEncoder.learn(series, 0, "cpu", variational=drawn)
        for drawn in (True, False)
    }
    assert not np.allclose(codes[True].encode(series), codes[False].encode(series))


def test_series_of_other_channels_are_refused() -> None:
    encoder = SeriesEncoder.learn(_waves(12)[0], 0)
    with pytest.raises(ValueError, match=r"series must be of shape \(length, 1\)"):
        encoder.encode(_waves(2, n_channels=2)[0])
