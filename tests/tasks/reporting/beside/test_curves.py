"""Series are drawn: every channel in its colour, long ones too, and always with the same bytes."""

import io

import numpy as np
import pytest
from PIL import Image

from tasks.reporting.beside.curves import HEIGHT, WIDTH, curves


def drawn(series: np.ndarray, is_small: bool = False) -> Image.Image:
    file = io.BytesIO()
    np.lib.format.write_array(file, series.astype(np.float32), allow_pickle=False)
    content = curves(file.getvalue(), is_small)
    assert content == curves(file.getvalue(), is_small)
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
