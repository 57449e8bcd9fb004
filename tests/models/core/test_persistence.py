"""Models on disk: what comes back, byte for byte, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from models.core.persistence import CONFIG_FILE, STEADY_FILE, WEIGHTS_FILE, load_state, save_state

TENSORS = {
    "b": np.arange(6, dtype=np.float32).reshape(2, 3),
    "a": np.array([1, -1], dtype=np.int64),
    "scalar": np.array(2.5, dtype=np.float32),
    "transposed": np.arange(6, dtype=np.float32).reshape(2, 3).T,
    "empty": np.zeros((0, 3), dtype=np.float32),
}
CONFIG = {"n_clusters": 3, "name": "Größe", "history": [{"loss": 0.1, "label_change": None}]}


def test_state_comes_back(tmp_path: Path) -> None:
    save_state(tmp_path / "new" / "model", TENSORS, CONFIG)
    tensors, config = load_state(tmp_path / "new" / "model")
    assert config == CONFIG
    assert set(tensors) == set(TENSORS)
    for name, array in TENSORS.items():
        np.testing.assert_array_equal(tensors[name], array)
        assert tensors[name].dtype == array.dtype
        assert tensors[name].shape == array.shape


def test_the_same_state_gives_the_same_bytes(tmp_path: Path) -> None:
    save_state(tmp_path / "first", TENSORS, CONFIG)
    turned = dict(reversed(TENSORS.items())), dict(reversed(CONFIG.items()))
    save_state(tmp_path / "second", *turned)
    for name in (WEIGHTS_FILE, CONFIG_FILE):
        first, second = (tmp_path / folder / name for folder in ("first", "second"))
        assert first.read_bytes() == second.read_bytes()


def test_saving_again_replaces(tmp_path: Path) -> None:
    save_state(tmp_path, TENSORS, CONFIG)
    save_state(tmp_path, {"x": np.zeros(1)}, {})
    tensors, config = load_state(tmp_path)
    assert list(tensors) == ["x"]
    assert config == {}


@pytest.mark.parametrize("name", [WEIGHTS_FILE, CONFIG_FILE])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    save_state(tmp_path, TENSORS, CONFIG)
    (tmp_path / name).unlink()
    with pytest.raises(FileNotFoundError, match=name):
        load_state(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe"])
def test_a_config_that_is_not_json_is_named(tmp_path: Path, content: bytes) -> None:
    save_state(tmp_path, TENSORS, CONFIG)
    (tmp_path / CONFIG_FILE).write_bytes(content)
    with pytest.raises(ValueError, match=f"{CONFIG_FILE} must be JSON, got"):
        load_state(tmp_path)


@pytest.mark.parametrize("content", [b"[]", b"3", b'{"config": {}}', b'{"format_version": 1}'])
def test_json_of_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    save_state(tmp_path, TENSORS, CONFIG)
    (tmp_path / CONFIG_FILE).write_bytes(content)
    with pytest.raises(ValueError, match=f"{CONFIG_FILE} must be an object with .*, got"):
        load_state(tmp_path)


def test_another_format_version_is_refused(tmp_path: Path) -> None:
    save_state(tmp_path, TENSORS, CONFIG)
    document = json.loads((tmp_path / CONFIG_FILE).read_bytes())
    (tmp_path / CONFIG_FILE).write_text(json.dumps(document | {"format_version": 99}))
    with pytest.raises(ValueError, match=f"{CONFIG_FILE} must have format_version 1 or 2, got 99"):
        load_state(tmp_path)


def test_a_model_of_version_1_is_read(tmp_path: Path) -> None:
    save_state(tmp_path, TENSORS, CONFIG)
    document = json.loads((tmp_path / CONFIG_FILE).read_bytes())
    (tmp_path / CONFIG_FILE).write_text(json.dumps(document | {"format_version": 1}))
    assert set(load_state(tmp_path)[0]) == set(TENSORS)


def test_what_is_steady_lies_in_a_file_that_stays_the_same(tmp_path: Path) -> None:
    for name, learnt in (("before", 1.0), ("after", 2.0)):
        steady = {"view_.mean": np.arange(3.0)}
        save_state(tmp_path / name, {"heads": np.full(2, learnt)}, CONFIG, steady)
    before, after = tmp_path / "before", tmp_path / "after"
    assert (before / STEADY_FILE).read_bytes() == (after / STEADY_FILE).read_bytes()
    found = load_state(after)[0]
    assert {name: it.tolist() for name, it in found.items()} == {
        "view_.mean": [0, 1, 2],
        "heads": [2, 2],
    }
    (after / STEADY_FILE).write_bytes((after / WEIGHTS_FILE).read_bytes())
    with pytest.raises(ValueError, match=f"{STEADY_FILE} must have the SHA-256"):
        load_state(after)


def test_one_wrong_bit_in_the_weights_is_found(tmp_path: Path) -> None:
    save_state(tmp_path, TENSORS, CONFIG)
    weights = bytearray((tmp_path / WEIGHTS_FILE).read_bytes())
    weights[-1] ^= 1
    (tmp_path / WEIGHTS_FILE).write_bytes(weights)
    with pytest.raises(ValueError, match=f"{WEIGHTS_FILE} must have the SHA-256"):
        load_state(tmp_path)


def test_files_of_two_models_are_not_mixed(tmp_path: Path) -> None:
    save_state(tmp_path / "first", TENSORS, CONFIG)
    save_state(tmp_path / "second", {"x": np.zeros(1)}, CONFIG)
    (tmp_path / "first" / WEIGHTS_FILE).replace(tmp_path / "second" / WEIGHTS_FILE)
    with pytest.raises(ValueError, match=f"{WEIGHTS_FILE} must have the SHA-256"):
        load_state(tmp_path / "second")


def test_a_number_that_json_does_not_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        save_state(tmp_path, TENSORS, {"loss": float("nan")})
    assert list(tmp_path.iterdir()) == []


def test_config_file_can_be_read_by_people(tmp_path: Path) -> None:
    save_state(tmp_path, TENSORS, CONFIG)
    text = (tmp_path / CONFIG_FILE).read_text(encoding="utf-8")
    assert "Größe" in text
    assert json.loads(text)["config"] == CONFIG
