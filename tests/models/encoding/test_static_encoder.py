"""A text's vector is the mean of its tokens' vectors, and depends on no other text."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.encoding import static_encoder
from models.encoding.encoder import find_encoder
from models.encoding.static_encoder import StaticEncoder
from models.encoding.text_encoder import VectorsNotFiniteError
from tests.models.encoding.test_encoder import plain_folder
from tests.models.encoding.tiny_model import WORDS
from tests.models.encoding.tiny_table import tiny_table, write_tiny_table
from validation.errors import SettingError

ROUNDED = 2**-11
"""Between neighbours among the numbers of 16 bits below 1: the last bit may be another one."""

TEXTS = st.lists(st.lists(st.sampled_from([*WORDS, "ß", "\u0301", ""]), max_size=40).map(" ".join))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_table(tmp_path_factory.mktemp("static") / "table")


@pytest.fixture(scope="module")
def encoder(folder: Path) -> StaticEncoder:
    return StaticEncoder(find_encoder(str(folder)))


def test_a_vector_is_the_mean_of_the_tokens_in_whatever_order(encoder: StaticEncoder) -> None:
    rows = tiny_table()[[1 + WORDS.index(word) for word in ("battery", "broken", "broken")]]
    expected = rows.mean(axis=0) / np.linalg.norm(rows.mean(axis=0))
    found = encoder.encode(["Battery broken broken", "broken battery BROKEN"])
    np.testing.assert_allclose(found, [expected, expected], atol=ROUNDED)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(texts=TEXTS, data=st.data())
def test_no_bit_depends_on_the_texts_beside(
    encoder: StaticEncoder, texts: list[str], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(texts)))
    together = encoder.encode(texts)
    apart = np.concatenate([encoder.encode(texts[:cut]), encoder.encode(texts[cut:])])
    np.testing.assert_array_equal(together, apart)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=ROUNDED)


def test_few_characters_are_tokenised_at_once(
    encoder: StaticEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["battery " * 9, "delay", "", "the flight", "refund " * 30]
    expected = encoder.encode(texts)
    monkeypatch.setattr(static_encoder, "_MOST_CHARACTERS", 80)
    done: list[int] = []
    np.testing.assert_array_equal(encoder.encode(texts, progress=done.append), expected)
    assert done == [3, 4, 5]


def test_no_text_gives_no_row(encoder: StaticEncoder) -> None:
    assert encoder.encode([]).shape == (0, 24)


def test_one_string_is_not_taken_for_its_letters(encoder: StaticEncoder) -> None:
    with pytest.raises(ValueError, match="sequence of strings"):
        encoder.encode("battery")


def test_an_encoder_whose_table_is_damaged_is_named(tmp_path: Path) -> None:
    table = tiny_table()
    table[1 + WORDS.index("delay")] = np.nan
    damaged = StaticEncoder(find_encoder(str(write_tiny_table(tmp_path / "table", table))))
    with pytest.raises(VectorsNotFiniteError, match=r"table must be finite, got 1 of 2 "):
        damaged.encode(["battery", "the delay"])


def test_a_table_that_lacks_rows_is_refused(tmp_path: Path) -> None:
    source = find_encoder(str(write_tiny_table(tmp_path / "table", tiny_table()[:4])))
    with pytest.raises(SettingError, match="vector for each of its 10 tokens, got 4"):
        StaticEncoder(source)


def test_another_model_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must be a table"):
        StaticEncoder(find_encoder(str(plain_folder(tmp_path / "model"))))


def test_a_vector_takes_no_heavy_library(folder: Path) -> None:
    code = (
        "import sys; from models.encoding.encoder import find_encoder;"
        " from models.encoding.static_encoder import StaticEncoder;"
        f" StaticEncoder(find_encoder({str(folder)!r})).encode(['battery']);"
        " heavy = {'torch', 'transformers', 'sentence_transformers', 'sklearn'} & set(sys.modules);"
        " sys.exit(str(heavy) if heavy else 0)"
    )
    root = Path(static_encoder.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
