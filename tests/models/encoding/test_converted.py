"""A converted encoder is read again with the same bits, and made again where it is damaged."""

import logging
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from models.encoding import converted, loading
from models.encoding.encoder import find_encoder
from models.encoding.kinds import Kind, KindRefusedError, has_openvino
from models.encoding.text_encoder import TextEncoder, VectorsNotFiniteError
from tests.models.encoding.tiny_model import WORDS

pytestmark = pytest.mark.skipif(not has_openvino(), reason="needs the extra `fast`")

OPENVINO = Kind("openvino", "float32")
TEXTS = [" ".join(WORDS[i % 9 :]) * (1 + i % 5) for i in range(40)]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache/nightfold/encoders"


def vectors(folder: Path) -> bytes:
    return TextEncoder(find_encoder(str(folder)), "cpu", kind=OPENVINO).encode(TEXTS).tobytes()


def test_what_was_converted_gives_the_same_bits_without_sentence_transformers(
    model_folder: Path, cache: Path
) -> None:
    expected = vectors(model_folder)
    (entry,) = cache.iterdir()
    assert entry.parent.stat().st_mode & 0o77 == 0
    code = f"""
import sys
from models.encoding.encoder import find_encoder
from models.encoding.kinds import Kind
from models.encoding.text_encoder import TextEncoder
source = find_encoder({str(model_folder)!r})
found = TextEncoder(source, "cpu", kind=Kind("openvino", "float32")).encode({TEXTS!r})
assert not {{"sentence_transformers", "transformers"}} & sys.modules.keys()
sys.stdout.buffer.write(found.tobytes())
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(converted.__file__).parents[2],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout == expected


@pytest.fixture(scope="module")
def made(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """The user's cache after a first start, and what was computed then."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        return folder, vectors(model_folder)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        *((name, "flipped") for name in (*converted._FILES, "encoder.json")),
        *((name, "missing") for name in (*converted._FILES, "encoder.json")),
        ("model.bin", "half"),
    ],
)
def test_a_damaged_entry_is_made_again(
    model_folder: Path,
    made: tuple[Path, bytes],
    cache: Path,
    caplog: pytest.LogCaptureFixture,
    name: str,
    damage: str,
) -> None:
    whole, expected = made
    shutil.copytree(whole, cache.parents[1])
    (entry,) = cache.iterdir()
    content = (entry / name).read_bytes()
    half = len(content) // 2
    flipped = content[:half] + bytes([content[half] ^ 0x80]) + content[half + 1 :]
    (entry / name).write_bytes(flipped if damage == "flipped" else content[:half])
    if damage == "missing":
        (entry / name).unlink()
    assert vectors(model_folder) == expected
    assert f"the converted encoder in {entry} is made again" in caplog.text
    caplog.clear()
    assert vectors(model_folder) == expected
    assert "is made again" not in caplog.text


def test_another_encoder_or_package_is_another_entry(
    model_folder: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors(model_folder)
    moved = Path(shutil.copytree(model_folder, tmp_path / "moved"))
    vectors(moved)
    assert len(list(cache.iterdir())) == 1
    weights = load_file(moved / "model.safetensors")
    weights["embeddings.word_embeddings.weight"] *= 2
    save_file(weights, moved / "model.safetensors", metadata={"format": "pt"})
    vectors(moved)
    assert len(list(cache.iterdir())) == 2
    monkeypatch.setattr(converted.metadata, "version", lambda name: "99")
    vectors(model_folder)
    assert len(list(cache.iterdir())) == 3


def test_those_that_were_used_last_are_kept(
    model_folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(converted, "N_KEPT", 2)
    first = entry_of_format(model_folder, cache, monkeypatch, 1)
    second = entry_of_format(model_folder, cache, monkeypatch, 2)
    assert entry_of_format(model_folder, cache, monkeypatch, 1) == first
    third = entry_of_format(model_folder, cache, monkeypatch, 3)
    assert set(cache.iterdir()) == {first, third}
    assert second not in (first, third)


def entry_of_format(
    model_folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> Path:
    monkeypatch.setattr(converted, "FORMAT", number)
    vectors(model_folder)
    return max(cache.iterdir(), key=lambda it: it.stat().st_mtime_ns)


def test_a_cache_that_cannot_be_written_costs_time_only(
    model_folder: Path, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    expected = vectors(model_folder)
    shutil.rmtree(cache)
    cache.write_text("a file where the folder should be")
    with caplog.at_level(logging.INFO):
        assert vectors(model_folder) == expected
    assert "converted at every start" in caplog.text


def test_what_was_converted_is_checked_against_the_reference_at_every_start(
    model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors(model_folder)
    monkeypatch.setattr(loading, "load_model", None)  # what is kept is read from here on
    right = converted._read
    monkeypatch.setattr(converted, "_read", lambda *given: turned(right(*given)))
    with pytest.raises(KindRefusedError, match="got a cosine of"):
        vectors(model_folder)


def turned(it: converted.Converted) -> converted.Converted:
    moved = np.roll(it.expected, 1, axis=1)
    return converted.Converted(it.model, it.tokeniser, it.compiled, moved)


def test_damaged_weights_are_not_kept(model_folder: Path, cache: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(model_folder, tmp_path / "model"))
    weights = load_file(folder / "model.safetensors")
    weights["embeddings.word_embeddings.weight"][5:] = np.nan
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(VectorsNotFiniteError):
        vectors(folder)
    assert not cache.exists()


def test_what_keeps_openvino_out_leaves_the_entry_alone(
    model_folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors(model_folder)
    monkeypatch.setitem(sys.modules, "openvino_telemetry", sys)
    with pytest.raises(KindRefusedError, match="without its telemetry"):
        vectors(model_folder)
    assert len(list(cache.iterdir())) == 1
