"""Images of all shapes come to one, as wholes, on the colour of their border."""

import numpy as np
import pytest

from tasks.images.codec import fitted


def test_an_image_of_the_shape_stays() -> None:
    image = np.random.default_rng(0).integers(0, 256, (28, 28, 3), dtype=np.uint8)
    assert fitted(image, (28, 28, 3)) is image


def test_a_wide_image_lies_in_the_middle() -> None:
    image = np.full((10, 40, 3), 200, dtype=np.uint8)
    image[3:7, 10:30] = (0, 0, 90)
    found = fitted(image, (32, 32, 3))
    assert found[:12].tolist() == np.full((12, 32, 3), 200).tolist()
    assert found[16, 16].tolist() == [0, 0, 90]


def test_grey_and_colour_meet() -> None:
    grey = np.full((28, 28, 1), 7, dtype=np.uint8)
    assert (fitted(grey, (28, 28, 3)) == 7).all()
    red = np.zeros((28, 28, 3), dtype=np.uint8)
    red[:, :, 0] = 255
    assert (fitted(red, (28, 28, 1)) == 76).all()


@pytest.mark.parametrize("shape", [(1, 60), (60, 1)])
def test_the_thinnest_image_keeps_a_pixel(shape: tuple[int, int]) -> None:
    assert fitted(np.zeros((*shape, 1), dtype=np.uint8), (28, 28, 1)).shape == (28, 28, 1)
