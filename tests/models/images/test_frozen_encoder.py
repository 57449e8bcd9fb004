"""An encoder that is given, by the real classes: it takes images of any size."""

from pathlib import Path

import numpy as np
import pytest

from models.encoding.encoder import find_encoder
from models.images.frozen_encoder import FrozenImageEncoder
from tests.models.encoding.tiny_model import write_tiny_model
from tests.models.images.tiny_clip import DIMENSION, write_clip
from validation.errors import SettingError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip") / "model")


def test_images_of_all_sizes_become_unit_rows(folder: Path) -> None:
    rng = np.random.default_rng(0)
    shapes = [(64, 40, 3), (9, 30, 3), (32, 32, 1)]
    images = [rng.integers(0, 256, shape, dtype=np.uint8) for shape in shapes]
    encoder = FrozenImageEncoder(find_encoder(str(folder)), "cpu")
    vectors = encoder.encode(images)
    assert vectors.shape == (3, DIMENSION)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(encoder.encode(images[1:])[0], vectors[1], atol=1e-5)


def test_an_encoder_of_texts_is_refused(tmp_path: Path) -> None:
    write_tiny_model(tmp_path / "texts")
    source = find_encoder(str(tmp_path / "texts"))
    with pytest.raises(SettingError, match=r"must be a model that encodes images, got .* text"):
        FrozenImageEncoder(source, "cpu")
