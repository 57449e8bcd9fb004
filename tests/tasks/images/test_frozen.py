"""An encoder that is given is known by what its files hold, and kept by that alone."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasks.images import frozen
from tasks.images.codec import ImageCodec
from tasks.images.decode import as_png
from tasks.images.frozen import ChosenEncoder, chosen_encoder
from tasks.images.settings import ImageSettings
from validation.errors import SettingError


def folder_of(path: Path, weights: bytes) -> str:
    path.mkdir()
    (path / "modules.json").write_text("[]")
    (path / "model.safetensors").write_bytes(weights)
    return str(path)


def chosen(folder: str) -> ChosenEncoder:
    return chosen_encoder(ImageSettings(encoder=folder))


def test_one_is_learnt_where_none_is_given() -> None:
    codec = chosen_encoder(ImageSettings(side=224)).codec()
    assert isinstance(codec, ImageCodec)
    assert codec.is_learnt
    assert codec.most_learnt == 7_133


def test_what_is_kept_depends_on_the_files_and_not_on_where_they_lie(tmp_path: Path) -> None:
    folders = [folder_of(tmp_path / name, name[:1].encode()) for name in ("a1", "a2", "b")]
    kept = []
    for folder in folders:
        chosen(folder).codec().learn([], 0, "cpu", lambda *_: None).save(tmp_path / "kept")
        kept.append((tmp_path / "kept").read_bytes())
    assert kept[0] == kept[1] != kept[2]
    assert chosen(folders[0]).model_dump() == chosen(folders[1]).model_dump()


def test_another_encoder_than_that_of_the_night_is_refused(tmp_path: Path) -> None:
    one, other = (chosen(folder_of(tmp_path / name, name.encode())) for name in "ab")
    one.codec().learn([], 0, "cpu", lambda *_: None).save(tmp_path / "kept")
    one.codec().load(tmp_path / "kept", "cpu")
    with pytest.raises(SettingError, match=r"images\.encoder must be the one of that night"):
        other.codec().load(tmp_path / "kept", "cpu")


def test_it_is_loaded_where_there_is_something_to_encode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes: list[tuple[int, ...]] = []

    class Model:
        def __init__(self, *_: Any) -> None:
            pass

        def encode(self, images: Sequence[np.ndarray]) -> np.ndarray:
            shapes.extend(it.shape for it in images)
            return np.ones((len(images), 2), dtype=np.float32)

    monkeypatch.setattr(frozen, "FrozenImageEncoder", Model)
    codec = chosen(folder_of(tmp_path / "a", b"a")).codec()
    encoder = codec.learn([], 0, "cpu", lambda *_: None)
    assert encoder.encode([as_png(np.zeros((20, 30, 3), dtype=np.uint8))]).shape == (1, 2)
    assert shapes == [(20, 30, 3)]
