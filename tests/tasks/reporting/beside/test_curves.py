"""Series are drawn: every channel in its colour, long ones too, and always with the same bytes."""

import io

import numpy as np
import pytest
from PIL import Image

from tasks.reporting.beside.curves import HEIGHT, WIDTH, curves, mean_and_spread


def npy(series: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, series.astype(np.float32), allow_pickle=False)
    return file.getvalue()


def drawn(series: np.ndarray, is_small: bool = False) -> Image.Image:
    content = curves(npy(series), is_small)
    assert content == curves(npy(series), is_small)
    assert len(content) < 6_000
    return Image.open(io.BytesIO(content)).convert("RGB")


@pytest.mark.parametrize("n_steps", [1, 2, 50, 5_000])
def test_series_of_any_length_are_drawn(n_steps: int) -> None:
    image = drawn(np.linspace(0, 1, n_steps)[:, None])
    assert image.size == (WIDTH, HEIGHT)
    assert drawn(np.zeros((n_steps, 2)), is_small=True).size == (48, 48)


def test_what_rises_goes_up_and_channels_have_colours() -> None:
    rising = np.linspace(0, 1, 100)
    both = np.asarray(drawn(np.stack([rising, rising[::-1]], axis=1)), dtype=int)
    is_blue = both[..., 2] > both[..., 0] + 30
    is_red = both[..., 0] > both[..., 2] + 30
    left, right = np.flatnonzero(is_blue[:, 10]), np.flatnonzero(is_blue[:, -10])
    assert left.min() > HEIGHT / 2 > right.max()
    assert np.flatnonzero(is_red[:, 10]).max() < HEIGHT / 2


def inked(contents: list[bytes]) -> np.ndarray:
    """Return which pixels are not white, shape (HEIGHT, WIDTH)."""
    with Image.open(io.BytesIO(mean_and_spread(contents))) as image:
        return np.asarray(image.convert("RGB"), dtype=int).min(axis=2) < 250


def test_the_mean_has_a_band_as_wide_as_the_spread() -> None:
    level, unlike = np.zeros((40, 1)), np.linspace(0, 1, 60)[:, None]
    band = inked([npy(level - unlike[:40]), npy(level + unlike[:40]), npy(level)])
    assert np.flatnonzero(band[:, 10]).size < 15
    assert np.flatnonzero(band[:, -10]).size > HEIGHT / 2
    assert np.flatnonzero(inked([npy(unlike)] * 3)[:, WIDTH // 2]).size < 8


def test_series_of_other_lengths_and_channels_have_a_mean() -> None:
    pair = [npy(np.stack([np.zeros(9), np.ones(9)], axis=1)), npy(np.zeros((30, 1)))]
    assert mean_and_spread(pair) == mean_and_spread(pair)
    rows = np.flatnonzero(inked(pair)[:, WIDTH // 2])
    assert (rows.min() < 12, rows.max() > HEIGHT - 12) == (True, True)
    assert inked([npy(np.zeros((1, 1)))]).any()
