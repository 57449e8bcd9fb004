"""What the table of a distilled encoder is made of; whole ones are in `test_text_encoder`."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from models.encoding import distillation
from models.encoding.distillation import frequency_weights, token_states, token_table


class Fake:
    """A model whose state of a token at the second place is the numbers around it."""

    tokenizer = SimpleNamespace(cls_token_id=101, sep_token_id=102)

    def __call__(self, inputs: dict[str, Any]) -> dict[str, Any]:
        ids = inputs["input_ids"]
        assert inputs["attention_mask"].all()
        return {"token_embeddings": torch.stack([ids * 0, ids, ids * 0], dim=1).float()}


def test_every_token_goes_through_the_encoder_between_its_marks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(distillation, "_TOGETHER", 4)
    expected = np.array([[101, token, 102] for token in range(11)], dtype=np.float32)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(token_states(Fake(), 11), expected, rtol=1e-6)


def test_frequent_tokens_weigh_little() -> None:
    weights = frequency_weights(30_000)
    assert (np.diff(weights) > 0).all()
    harmonic = (1 / np.arange(1, 30_001)).sum()
    assert weights[0] == pytest.approx(1e-4 / (1e-4 + 1 / harmonic))
    assert weights[-1] > 0.95


def test_tokens_that_no_text_holds_change_no_other() -> None:
    states = np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32)
    is_used = np.ones(50, dtype=bool)
    is_used[3:6] = False
    table = token_table(states, is_used)
    assert not table[3:6].any()
    alone = token_table(states[is_used], np.ones(47, dtype=bool))
    np.testing.assert_allclose(table[is_used], alone, atol=1e-7)
    unweighted = table[is_used] / frequency_weights(47)[:, None]
    np.testing.assert_allclose(unweighted.mean(axis=0), 0, atol=1e-5)
    covariance = np.cov(unweighted.T)
    np.testing.assert_allclose(covariance, np.diag(np.diag(covariance)), atol=1e-5)
