"""Weights and their settings come back from one file, which is always the same one."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from models.core.weights_file import read_weights, write_weights


def test_weights_come_back(tmp_path: Path) -> None:
    arrays = {"b": np.arange(6, dtype=np.float32).reshape(2, 3).T, "a": np.ones(2)}
    settings = {"width": 3, "names": ["x", "y"], "deep": {"z": None}}
    write_weights(tmp_path / "one", arrays, settings)
    write_weights(tmp_path / "two", dict(reversed(arrays.items())), settings)
    found, told = read_weights(tmp_path / "one")
    assert told == settings
    assert {name: it.tolist() for name, it in found.items()} == {
        name: it.tolist() for name, it in arrays.items()
    }
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_weights_without_settings_are_refused(tmp_path: Path) -> None:
    save_file({"a": np.ones(2)}, tmp_path / "bare")
    with pytest.raises(ValueError, match="must hold settings"):
        read_weights(tmp_path / "bare")
