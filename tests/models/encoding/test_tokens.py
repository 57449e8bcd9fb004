"""Tokens by the compiled tokenizer are the model's own, and only taken where they are."""

from pathlib import Path
from typing import Any

import pytest
import torch

from models.encoding.encoder import find_encoder
from models.encoding.forward import SAMPLE
from models.encoding.loading import load_model
from models.encoding.tokens import by_compiled, find_compiled
from tests.models.encoding.tiny_model import WORDS

NAMES = ("input_ids", "token_type_ids", "attention_mask")
TEXTS = ["battery charger", "", " the flight\n was GREAT ", " ".join(WORDS * 9)]


@pytest.fixture(scope="module")
def model(model_folder: Path) -> Any:
    return load_model(find_encoder(str(model_folder)), "cpu")


def test_the_compiled_tokenizer_gives_the_tokens_of_the_model(model: Any) -> None:
    expected = model.preprocess(TEXTS)
    inputs, lengths = by_compiled(find_compiled(model, NAMES, SAMPLE), NAMES, TEXTS)
    assert list(inputs) == list(NAMES)
    assert all(torch.equal(inputs[name], expected[name]) for name in NAMES)
    assert lengths == expected["attention_mask"].sum(dim=1).tolist() == [4, 2, 6, 32]


def test_a_model_that_changes_texts_first_keeps_its_own_code(
    model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = model.preprocess
    monkeypatch.setattr(model, "preprocess", lambda texts: plain([f"the {it}" for it in texts]))
    assert find_compiled(model, NAMES, SAMPLE) is None
