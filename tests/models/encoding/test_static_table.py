"""Which models are nothing but a table of tokens."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from models.encoding.static_table import read_table, table_folder
from tests.models.encoding.tiny_table import tiny_table, write_tiny_table


def with_parts(folder: Path, *parts: tuple[str, str]) -> Path:
    modules = [
        {"path": path, "type": f"sentence_transformers.models.{kind}"} for path, kind in parts
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    return folder


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    folder = write_tiny_table(tmp_path / "table")
    assert table_folder(folder) == folder
    table, tokenizer = read_table(folder)
    np.testing.assert_array_equal(table, tiny_table())
    assert tokenizer.encode("the Charger, broken").tokens == ["the", "charger", "[UNK]", "broken"]


def test_the_table_may_lie_in_a_folder_of_its_own(tmp_path: Path) -> None:
    write_tiny_table(tmp_path / "0_StaticEmbedding")
    assert table_folder(with_parts(tmp_path, ("0_StaticEmbedding", "StaticEmbedding"))) == (
        tmp_path / "0_StaticEmbedding"
    )


@pytest.mark.parametrize(
    "parts",
    [
        (),
        (("", "Transformer"), ("1_Pooling", "Pooling")),
        (("", "StaticEmbedding"), ("1_Dense", "Dense")),
    ],
)
def test_a_model_of_other_parts_has_no_table(
    tmp_path: Path, parts: tuple[tuple[str, str], ...]
) -> None:
    assert table_folder(with_parts(write_tiny_table(tmp_path / "table"), *parts)) is None


def test_a_table_in_another_form_is_left_to_its_library(tmp_path: Path) -> None:
    folder = write_tiny_table(tmp_path / "table")
    numbers = np.zeros(10, dtype=np.int32)
    save_file({"embeddings": tiny_table(), "mapping": numbers}, folder / "model.safetensors")
    assert table_folder(folder) is None
