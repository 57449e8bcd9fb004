"""Series are drawn: every channel in its colour, long ones too, and always with the same bytes."""

import io

import numpy as np
import pytest
from PIL import Image

from tasks.reporting.beside.curves import (
    HEIGHT,
    WIDTH,
    _in_steps,
    _moments,
    _points,
    curves,
    mean_and_spread,
)


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


def pixels(content: bytes) -> np.ndarray:
    """Return colours, shape (height, width, 3)."""
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image.convert("RGB"), dtype=int)


def test_moments_are_those_of_the_series_that_have_the_channel() -> None:
    one, other = np.array([[0.0], [2.0]]), np.array([[4.0, 5.0], [2.0, 7.0]])
    mean, spread = _moments([one, one, other])
    np.testing.assert_allclose(mean, np.array([[4 / 3, 5], [2, 7]]))
    np.testing.assert_allclose(spread, np.array([[np.sqrt(32) / 3, 0], [0, 0]]), atol=1e-12)


@pytest.mark.parametrize("n_steps", [1, 2, 40, 500])
def test_steps_go_from_the_first_value_to_the_last(n_steps: int) -> None:
    found = _in_steps(np.linspace([0.0, 8.0], [1.0, 4.0], n_steps))
    last = n_steps > 1
    np.testing.assert_allclose(found, np.linspace([0, 8], [last, 8 - 4 * last], len(found)))


def test_a_long_curve_keeps_its_highest_and_lowest_in_the_order_of_time() -> None:
    heights = np.full(5_000, 50.0)
    heights[1_201], heights[4_003] = 90, 10
    points = np.array(_points(heights, WIDTH)) / 3
    assert len(points) <= WIDTH
    at = {height: across for across, height in points.tolist()}
    assert at[90.0] == pytest.approx(WIDTH * 1_201 / 5_000, abs=4)
    assert at[10.0] == pytest.approx(WIDTH * 4_003 / 5_000, abs=4)
    assert (np.diff(points[:, 0]) > 0).all()


def test_a_band_is_one_deviation_to_either_side_of_a_line_in_its_middle() -> None:
    """Deviations of 1 and of 3: the one band is a third of the other, which fills the picture."""
    sides = np.repeat([[1.0], [3.0]], 20, axis=0)
    picture = pixels(mean_and_spread([npy(sides), npy(-sides)]))
    heights = []
    for column in (picture[:, 20], picture[:, -20]):
        band = np.flatnonzero(column.min(axis=1) < 250)
        dark = np.flatnonzero(column.min(axis=1) < 80)
        assert dark.size in range(1, 5)
        assert dark.mean() == pytest.approx(band.mean(), abs=1.5)
        heights.append(band.size)
    assert heights[1] == pytest.approx(3 * heights[0], abs=3)


def test_a_band_is_drawn_on_the_scale_of_its_mean() -> None:
    """A mean that steps from 0 to 10 with a deviation of 1: from -1 to 11, of which a band is 2."""
    step = np.repeat([[0.0], [10.0]], 20, axis=0)
    band = inked([npy(step - 1), npy(step + 1)])
    assert np.flatnonzero(band[:, 20]).size == pytest.approx((HEIGHT - 8) * 2 / 12, abs=2)


def test_each_channel_has_a_faint_band_of_its_own_colour() -> None:
    rows = np.array([[0.0, 10.0]] * 20)
    picture = pixels(mean_and_spread([npy(rows - 2), npy(rows + 2)]))[:, WIDTH // 2]
    is_faint = (picture.min(axis=1) < 250) & (picture.min(axis=1) > 150)
    upper, lower = (
        half[it] for half, it in zip(np.split(picture, 2), np.split(is_faint, 2), strict=True)
    )
    assert min(len(upper), len(lower)) > 5
    assert (upper[:, 0] > upper[:, 2]).all()  # red
    assert (lower[:, 0] < lower[:, 2]).all()  # blue


def test_the_seventh_channel_has_the_colour_of_the_first() -> None:
    picture = pixels(curves(npy(np.repeat([np.arange(7.0)], 20, axis=0))))[:, WIDTH // 2]
    lines = picture[picture.min(axis=1) < 120]
    np.testing.assert_allclose(lines[0], lines[-1], atol=12)


def test_lines_keep_off_the_edges() -> None:
    picture = pixels(curves(npy(np.repeat([[0.0, 1.0]], 20, axis=0))))
    rows = np.flatnonzero(picture.min(axis=(1, 2)) < 250)
    assert 1 <= rows.min() < rows.max() <= HEIGHT - 2


def test_pickled_objects_are_no_series() -> None:
    file = io.BytesIO()
    np.lib.format.write_array(file, np.array([[{}]]), allow_pickle=True)
    with pytest.raises(ValueError, match="pickle"):
        curves(file.getvalue())
