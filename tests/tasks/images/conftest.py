import io
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tasks.store.storage import Store
from validation.items.image_rules import ImageLimits

Encode = Callable[..., bytes]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(root=tmp_path / "store", feed="f", night=date(2026, 3, 1))


@pytest.fixture
def limits() -> ImageLimits:
    return ImageLimits(
        max_bytes=1_000_000, max_pixels=1_000_000, min_side=8, max_aspect=20, min_spread=1
    )


@pytest.fixture
def encode() -> Encode:
    """Write an image; without one, some noise that the seed decides."""

    def encoded(
        image: Image.Image | None = None, kind: str = "PNG", seed: int = 0, **options: Any
    ) -> bytes:
        rng = np.random.default_rng(seed)
        drawn = image or Image.fromarray(rng.integers(0, 256, (12, 10, 3), dtype=np.uint8))
        file = io.BytesIO()
        drawn.save(file, kind, **options)
        return file.getvalue()

    return encoded
