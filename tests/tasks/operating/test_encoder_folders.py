from pathlib import Path
from typing import Any

import pytest

from models.encoding import multilingual
from tasks.operating.encoder_folders import lay_out_multilingual, lay_out_static
from validation.errors import SettingError


def test_a_folder_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    for lay_out in (lay_out_multilingual, lay_out_static):
        for there in (tmp_path, tmp_path / "mine"):
            with pytest.raises(SettingError, match=f"{there} must not be there yet"):
                lay_out(there)
    assert (tmp_path / "mine").read_text() == "mine"


def test_the_folder_is_there_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Any, folder: Path) -> None:
        (folder / "config.json").write_text("{}")
        raise OSError("no space left on device")

    monkeypatch.setattr(multilingual, "find_packed", lambda: tmp_path)
    monkeypatch.setattr("models.encoding.packed.read_packed", lambda _: None)
    monkeypatch.setattr(multilingual, "write_encoder", fail)
    with pytest.raises(OSError, match="no space left"):
        lay_out_multilingual(tmp_path / "new" / "encoder")
    assert list((tmp_path / "new").iterdir()) == []
