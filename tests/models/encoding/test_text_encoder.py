import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from models.core import threads
from models.core.arrays import normalise_rows
from models.encoding import encoder, loading
from models.encoding.distillation import distil
from models.encoding.encoder import find_encoder
from models.encoding.kinds import REFERENCE, Kind, KindRefusedError
from models.encoding.static_encoder import StaticEncoder
from models.encoding.text_encoder import TextEncoder, VectorsNotFiniteError
from models.encoding.transformer import Transformer
from tests.models.encoding.tiny_model import WORDS, write_json

ROUNDED = 2**-11
"""Between neighbours among the numbers of 16 bits below 1: the last bit may be another one."""


@pytest.fixture(scope="session")
def text_encoder(model_folder: Path) -> TextEncoder:
    return TextEncoder(find_encoder(str(model_folder)), device="cpu", batch_size=4)


def test_embeddings_are_unit_float32_rows(text_encoder: TextEncoder) -> None:
    embeddings = text_encoder.encode(["battery charger", "", "the flight was great", "unknown"])
    assert embeddings.shape == (4, text_encoder.embedding_dim) == (4, 16)
    assert embeddings.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, atol=ROUNDED)
    np.testing.assert_array_equal(embeddings, embeddings.astype(np.float16))


def test_embeddings_keep_the_order_of_the_texts(text_encoder: TextEncoder) -> None:
    texts = [" ".join(WORDS[:n]) for n in (3, 9, 1, 5, 2, 8, 4, 7, 6)]
    one_by_one = np.vstack([text_encoder.encode([text]) for text in texts])
    np.testing.assert_allclose(text_encoder.encode(texts), one_by_one, atol=ROUNDED)
    assert len(np.unique(one_by_one.round(4), axis=0)) == len(texts)


def test_same_list_of_texts_gives_the_same_bits(
    model_folder: Path, text_encoder: TextEncoder
) -> None:
    texts = [" ".join(WORDS[i % 9 :]) for i in range(23)]
    again = TextEncoder(find_encoder(str(model_folder)), device="cpu", batch_size=4)
    assert text_encoder.encode(texts).tobytes() == again.encode(texts).tobytes()


@pytest.mark.parametrize("count", [2, 3])
def test_vectors_have_the_same_bits_on_any_number_of_threads(
    text_encoder: TextEncoder, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    texts = [" ".join(WORDS[i % 9 :]) for i in range(40)]
    monkeypatch.setattr(threads, "free_threads", lambda: 1)
    expected = text_encoder.encode(texts)
    monkeypatch.setattr(threads, "free_threads", lambda: count)
    assert text_encoder.encode(texts).tobytes() == expected.tobytes()


def test_progress_is_told_batch_by_batch(text_encoder: TextEncoder) -> None:
    done: list[int] = []
    text_encoder.encode(["battery"] * 10, progress=done.append)
    assert done == [4, 8, 10]


def test_an_encoder_whose_weights_are_damaged_is_named(model_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(model_folder, tmp_path / "model"))
    weights = load_file(folder / "model.safetensors")
    weights["embeddings.word_embeddings.weight"][5:] = np.nan
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    damaged = TextEncoder(find_encoder(str(folder)), device="cpu", batch_size=4)
    with pytest.raises(VectorsNotFiniteError) as caught:
        damaged.encode(["battery", "the flight"])
    assert str(folder) in str(caught.value)
    assert "got 2 of 2 with NaN or infinite numbers" in str(caught.value)


def test_a_distilled_encoder_is_a_model_like_any_other(model_folder: Path, tmp_path: Path) -> None:
    distil(replace(find_encoder(str(model_folder)), languages=("en",)), tmp_path)
    source = find_encoder(str(tmp_path))
    assert source.languages == ("en",)
    texts = ["battery charger", "the flight was great", "", "unknown " * 40]
    found = StaticEncoder(source).encode(texts)
    assert found.shape == (4, 14)  # there are no more tokens
    # Texts without a token have no vector in the library.
    expected = TextEncoder(source, device="cpu").encode(texts[:2] + texts[3:])
    np.testing.assert_allclose(found[[0, 1, 3]], expected, atol=ROUNDED)


def test_no_text_gives_no_row(text_encoder: TextEncoder) -> None:
    assert text_encoder.encode([]).shape == (0, 16)


def test_one_string_is_not_taken_for_its_letters(text_encoder: TextEncoder) -> None:
    with pytest.raises(ValueError, match="sequence of strings"):
        text_encoder.encode("battery")


def test_loading_and_encoding_draw_no_progress_bar(
    model_folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    TextEncoder(find_encoder(str(model_folder)), device="cpu").encode(["battery"])
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""


def test_a_batch_size_below_one_is_refused(model_folder: Path) -> None:
    with pytest.raises(ValueError, match="batch_size must be at least 1"):
        TextEncoder(find_encoder(str(model_folder)), batch_size=0)


def test_code_in_the_folder_of_a_model_never_runs(model_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(model_folder, tmp_path / "model"))
    (folder / "planted.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()")
    modules = json.loads((folder / "modules.json").read_text())
    modules[1]["type"] = "planted.Pooling"
    write_json(folder / "modules.json", modules)
    with pytest.raises(ValueError, match="third-party code"):
        TextEncoder(find_encoder(str(folder)), device="cpu")
    assert not (tmp_path / "ran").exists()


def test_batches_are_cut_by_tokens_and_change_no_vector_much(
    text_encoder: TextEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [" ".join(WORDS[: 1 + i % 9]) for i in range(30)]
    widths: list[tuple[int, ...]] = []
    loaded = text_encoder._loaded
    assert isinstance(loaded, Transformer)
    expected = text_encoder.encode(texts)

    def seen(tokens: Any) -> Any:
        widths.append(tuple(tokens["input_ids"].shape))
        return loaded.forward(tokens)

    monkeypatch.setattr(text_encoder, "_loaded", replace(loaded, forward=seen))
    monkeypatch.setattr(text_encoder, "_budget", 22)
    monkeypatch.setattr(threads, "free_threads", lambda: 1)
    found = text_encoder.encode(texts)
    assert all(rows * width <= 22 for rows, width in widths)
    assert widths[0] == (2, 11), "nine words and the two marks of every text"
    np.testing.assert_allclose(found, expected, atol=ROUNDED)


def test_products_in_bfloat16_give_nearly_the_same_vectors(
    model_folder: Path, text_encoder: TextEncoder
) -> None:
    """As on an accelerator; the processor of the test need not be fast in it."""
    texts = [" ".join(WORDS[: 1 + i % 9]) for i in range(9)]
    narrow = TextEncoder(
        find_encoder(str(model_folder)), device="cpu", kind=Kind("torch", "bfloat16")
    )
    found = narrow.encode(texts)
    assert found.dtype == np.float32
    cosines = (normalise_rows(found) * normalise_rows(text_encoder.encode(texts))).sum(axis=1)
    assert 0.9999 < cosines.min() < 1
    assert not np.array_equal(found, text_encoder.encode(texts))


def test_products_in_bfloat16_that_point_elsewhere_are_refused(
    model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight = loading.torch_forward

    def turned(module: Any, device: Any, kind: Kind = REFERENCE) -> Any:
        forward = straight(module, device, kind)
        return forward if kind == REFERENCE else lambda tokens: forward(tokens) + 1

    monkeypatch.setattr(loading, "torch_forward", turned)
    with pytest.raises(KindRefusedError, match=r"torch bfloat16 must be .* got a cosine of 0\."):
        TextEncoder(find_encoder(str(model_folder)), "cpu", kind=Kind("torch", "bfloat16"))


def test_a_model_that_puts_a_prompt_before_texts_goes_through_its_own_code(
    model_folder: Path, text_encoder: TextEncoder, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(model_folder, tmp_path / "model"))
    prompted = {"prompts": {"query": "flight "}, "default_prompt_name": "query"}
    write_json(folder / "config_sentence_transformers.json", prompted)
    source = find_encoder(str(folder))
    texts = ["battery", "the charger", "refund"] * 3
    expected = text_encoder.encode([f"flight {text}" for text in texts])
    found = TextEncoder(source, device="cpu", batch_size=4).encode(texts)
    np.testing.assert_allclose(found, expected, atol=ROUNDED)
    with pytest.raises(KindRefusedError, match="a transformer without a prompt"):
        TextEncoder(source, device="cpu", kind=Kind("torch", "bfloat16"))


@pytest.mark.slow
def test_offline_wheel_gives_the_default_encoder() -> None:
    if encoder._wheel_folder() is None:
        pytest.skip("the wheel of the offline extra is not installed")
    source = find_encoder("all-MiniLM-L6-v2")
    embeddings = TextEncoder(source, device="cpu").encode(
        ["The battery died.", "My phone's battery is empty.", "The flight was late."]
    )
    cosines = embeddings @ embeddings.T
    assert embeddings.shape == (3, 384)
    assert cosines[0, 1] > 0.5 > cosines[0, 2]
