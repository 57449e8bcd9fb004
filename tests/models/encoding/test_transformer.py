"""Batches hold the tokens of their texts, wherever the padding stands."""

import pytest
import torch

from models.encoding.tokens import Tokenised
from models.encoding.transformer import Tokeniser, Whole


def padded(texts: list[str], is_right: bool) -> Tokenised:
    """Return a token for each letter, its code, padded with zeros."""
    width = max(map(len, texts))
    rows = [list(map(ord, it)) for it in texts]
    room = [[0] * (width - len(it)) for it in texts]
    filled = [a + b if is_right else b + a for a, b in zip(rows, room, strict=True)]
    return Tokenised({"ids": torch.tensor(filled)}, list(map(len, texts)))


@pytest.mark.parametrize("is_right", [True, False])
def test_a_batch_loses_padding_and_no_token(is_right: bool) -> None:
    texts = ["ab", "abcdef", "abc", "a"]
    tokeniser = Tokeniser(("ids",), lambda it: padded(it, is_right), is_right)
    batches = tokeniser.batches(texts, 6, 10)
    assert [it.places for it in batches] == [[1], [2, 0], [3]]
    for places, given in batches:
        expected = padded([texts[it] for it in places], is_right).inputs["ids"]
        assert torch.equal(given["ids"], expected)


def test_texts_of_a_model_that_is_given_them_whole_are_cut_by_their_number() -> None:
    batches = Whole(None, 3).batches(["a", "b", "c"], budget=1, most_texts=2)
    assert batches == [([0, 1], ["a", "b"]), ([2], ["c"])]
