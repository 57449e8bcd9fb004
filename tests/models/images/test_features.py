"""What is measured of images: gradients, small moves, the common size, and words."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from models.core.arrays import normalise_rows
from models.images import gradients
from models.images.augmentation import moved
from models.images.caption import caption
from models.images.gradients import gradient_features
from models.images.sizing import common_shape


def _edge(angle: float, low: int = 50, high: int = 200) -> NDArray[np.uint8]:
    """An image that is dark on one side of a line through its middle."""
    rows, columns = np.mgrid[-14:14, -14:14]
    is_bright = columns * np.cos(angle) + rows * np.sin(angle) > 0
    return np.where(is_bright, high, low).astype(np.uint8)[:, :, None]


def _likeness(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    rows = normalise_rows(gradient_features(np.stack([first, second])))
    return float(rows[0] @ rows[1])


def test_gradients_know_directions_and_not_light() -> None:
    assert _likeness(_edge(0.5), _edge(0.5, 90, 150)) > 0.99
    assert _likeness(_edge(0), _edge(np.pi)) < 0.1
    assert _likeness(_edge(0), _edge(np.pi / 2)) < 0.2


def test_colours_count_beside_gradients() -> None:
    red, blue = (np.repeat(_edge(0), 3, axis=2) for _ in range(2))
    red[:, :, 1:] //= 3
    blue[:, :, :2] //= 3
    grey_likeness = _likeness(red[:, :, :1], red[:, :, :1])
    assert _likeness(red, blue) < 0.8 < grey_likeness


@pytest.mark.parametrize("shape", [(28, 28, 1), (64, 64, 3), (12, 40, 3), (224, 224, 3)])
def test_images_of_any_size_have_as_many_features(shape: tuple[int, int, int]) -> None:
    images = np.zeros((3, *shape), dtype=np.uint8)
    found = gradient_features(images)
    assert found.shape[0] == 3
    assert np.isfinite(found).all()
    assert np.abs(found).max() == 0


def test_large_images_are_measured_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, 30, 30, 1), dtype=np.uint8)
    found = gradient_features(images)
    monkeypatch.setattr(gradients, "_PIXELS_AT_ONCE", 2 * 30 * 30)
    np.testing.assert_allclose(gradient_features(images), found, atol=1e-5)


def test_moves_are_small_and_each_its_own() -> None:
    torch.manual_seed(0)
    image = torch.from_numpy(_edge(0.5).astype(np.float32)).flatten()[None]
    found = moved(image.repeat(8, 1), (28, 28, 1))
    away = (found - image).abs().mean(dim=1)
    assert (away > 0.5).all()
    assert (away < 40).all()
    assert len({round(float(it), 3) for it in away}) == 8


def test_the_common_size_is_that_of_the_usual_image() -> None:
    assert common_shape([(8, 8)] * 3, is_colour=False) == (28, 28, 1)
    assert common_shape([(20, 30), (31, 20), (500, 400)], is_colour=True) == (32, 32, 3)
    assert common_shape([(900, 400)], is_colour=True) == (224, 224, 3)
    with pytest.raises(ValueError, match="at least one image"):
        common_shape([], is_colour=False)


def test_captions_say_what_is_to_be_seen() -> None:
    picture = np.full((20, 20, 3), 240, dtype=np.uint8)
    picture[8:12, 2:18] = (200, 20, 30)
    words = caption(picture).split()
    assert {"bright", "red", "wide"} <= set(words)
    picture[:] = (240, 235, 240)
    picture[8:12, 8:12] = (120, 20, 160)
    assert "purple" in caption(picture).split()
    assert "grey" not in caption(picture).split()
    noise = np.random.default_rng(0).integers(0, 120, (20, 20, 1)).astype(np.uint8)
    assert {"dark", "busy"} <= set(caption(noise).split())
    assert "blank" in caption(np.zeros((9, 9, 1), dtype=np.uint8))
    assert all(word.isalpha() for word in words)
