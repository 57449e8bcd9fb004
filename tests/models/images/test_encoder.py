"""The encoder of images: kinds come apart, new images fall to theirs, and bits repeat."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from models.images import encoder
from models.images.encoder import ImageEncoder, _schedule

Images = NDArray[np.uint8]


def _shapes(n_images: int, seed: int = 0, channels: int = 1) -> tuple[Images, NDArray[np.int64]]:
    """Bars that lie, bars that stand, and discs, somewhere near the middle."""
    rng = np.random.default_rng(seed)
    y = np.arange(n_images) % 3
    images = np.full((n_images, 28, 28, channels), 40, dtype=np.uint8)
    rows, columns = np.mgrid[:28, :28]
    for image, kind in zip(images, y, strict=True):
        down, across = rng.integers(11, 17, 2)
        is_in = [
            (abs(rows - down) < 3) & (abs(columns - across) < 10),
            (abs(rows - down) < 10) & (abs(columns - across) < 3),
            (rows - down) ** 2 + (columns - across) ** 2 < 49,
        ][kind]
        image[is_in] = rng.integers(150, 250)
    return images + rng.integers(0, 10, images.shape, dtype=np.uint8), y


@pytest.fixture(scope="module")
def learnt() -> ImageEncoder:
    """Learn for a hundred steps, which are enough for kinds as simple."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("models.images.encoder.FEWEST_STEPS", 100)
        return ImageEncoder.learn(_shapes(90)[0], 0, "cpu")


def test_new_images_lie_with_their_kind(learnt: ImageEncoder) -> None:
    (known, y), (new, y_new) = _shapes(90), _shapes(30, seed=1)
    vectors, placed = learnt.encode(known), learnt.encode(new)
    assert vectors.shape == (90, learnt.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(placed, axis=1), 1, rtol=1e-5)
    assert np.mean(y[(placed @ vectors.T).argmax(axis=1)] == y_new) > 0.95


def test_an_encoder_comes_back_bit_for_bit(learnt: ImageEncoder, tmp_path: Path) -> None:
    images = _shapes(20, seed=2)[0]
    learnt.save(tmp_path / "encoder")
    again = ImageEncoder.load(tmp_path / "encoder", "cpu")
    assert again.encode(images).tobytes() == learnt.encode(images).tobytes()
    assert again.image_shape == (28, 28, 1)


@pytest.mark.parametrize(
    ("n_images", "n_epochs", "batch_size"),
    [
        (1, 320, 32),  # few: as many epochs as make enough steps, by small batches
        (90, 107, 32),
        (1_200, 40, 100),
        (1_797, 40, 128),  # none is seen more often than that
        (10_000, 20, 128),  # many: as many passes in all
        (70_000, 6, 128),  # and none is seen less often than that
    ],
)
def test_training_is_as_long_as_the_images_are_few(
    n_images: int, n_epochs: int, batch_size: int
) -> None:
    found = _schedule(n_images, 5)
    assert (found.n_epochs, found.batch_size, found.seed) == (n_epochs, batch_size, 5)


@pytest.fixture
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.images.encoder.FEWEST_STEPS", 2)
    monkeypatch.setattr("models.images.encoder.MOST_EPOCHS", 2)


@pytest.mark.usefixtures("few_steps")
def test_the_same_seed_learns_the_same_bits() -> None:
    images = _shapes(24)[0]
    first, second, other = (ImageEncoder.learn(images, seed, "cpu") for seed in (0, 0, 1))
    assert first.encode(images).tobytes() == second.encode(images).tobytes()
    assert first.encode(images).tobytes() != other.encode(images).tobytes()


@pytest.mark.usefixtures("few_steps")
@pytest.mark.parametrize("n_images", [1, 2, 3])
def test_a_few_images_and_none(n_images: int) -> None:
    encoder = ImageEncoder.learn(_shapes(n_images, channels=3)[0], 0, "cpu")
    assert np.isfinite(encoder.encode(_shapes(2, channels=3)[0])).all()
    assert encoder.encode(np.zeros((0, 28, 28, 3), dtype=np.uint8)).shape == (0, encoder.dimension)


@pytest.mark.parametrize(("side", "is_counted"), [(64, True), (72, False)])
def test_of_large_images_what_is_written_counts_less(
    side: int, is_counted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[dict[str, torch.Tensor]] = []

    def fit_epochs(_: object, losses: Callable[[torch.Tensor], Any], *__: object) -> None:
        torch.manual_seed(0)
        found.append(losses(torch.arange(4)))

    monkeypatch.setattr(encoder, "fit_epochs", fit_epochs)
    images = np.random.default_rng(0).integers(0, 256, (4, side, side, 1), dtype=np.uint8)
    for weight in (0.0, encoder.LARGE_WEIGHT):
        monkeypatch.setattr(encoder, "LARGE_WEIGHT", weight)
        ImageEncoder.learn(images, 0, "cpu")
    without, with_it = (float(it["loss"].detach()) for it in found)
    written = float(found[0]["reconstruction_loss"].detach())
    if is_counted:
        assert without == with_it > written
    else:
        assert with_it - without == pytest.approx(0.1 * written, rel=1e-3)


def test_images_of_another_size_are_refused(learnt: ImageEncoder) -> None:
    with pytest.raises(ValueError, match=r"images must be \(28, 28, 1\)"):
        learnt.encode(np.zeros((2, 28, 28, 3), dtype=np.uint8))
