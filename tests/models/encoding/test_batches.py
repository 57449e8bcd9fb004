import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.encoding import batches
from models.encoding.batches import TOKENS_ON_CPU, token_batches, token_budget


@given(
    st.lists(st.integers(0, 300), max_size=60), st.integers(1, 512), st.integers(1, 20), st.data()
)
def test_batches_hold_every_text_once_within_the_budget(
    lengths: list[int], budget: int, most: int, data: st.DataObject
) -> None:
    found = token_batches(lengths, budget, most)
    assert sorted(i for batch in found for i in batch) == list(range(len(lengths)))
    for batch in found:
        assert len(batch) <= most
        assert len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= budget
    assert token_batches(lengths, budget, most) == found


def test_batches_are_full_and_the_longest_come_first() -> None:
    assert token_batches([2, 9, 3, 4, 2], 9, 10) == [[1], [3, 2], [0, 4]]
    assert token_batches([1, 1, 1], 100, 2) == [[0, 1], [2]]


def test_an_accelerator_has_a_budget_by_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    class Built:
        total_memory = 16 * 2**30

    monkeypatch.setattr(batches.torch.cuda, "get_device_properties", lambda _: Built)
    assert token_budget(torch.device("cuda")) == 32_768
    assert token_budget(torch.device("cpu")) == TOKENS_ON_CPU
