"""Dropout: what it keeps, in which share, and when."""

import pytest
import torch

from models.networks.dropout import Dropout


@pytest.mark.parametrize("p", [0.1, 0.3, 0.5])
def test_the_share_left_out_is_p_and_the_mean_stays(p: float) -> None:
    torch.manual_seed(0)
    dropped = Dropout(p)(torch.ones(1_000, 333))
    is_kept = dropped != 0
    assert is_kept.float().mean().item() == pytest.approx(1 - p, abs=0.003)
    assert dropped.mean().item() == pytest.approx(1, abs=0.01)
    assert torch.equal(dropped[is_kept], torch.full((int(is_kept.sum()),), 1 / (1 - p)))


def test_values_are_left_out_independently_of_each_other() -> None:
    """Four values share a number that is drawn, in neighbouring columns: none follows another."""
    torch.manual_seed(0)
    is_kept = (Dropout(0.3)(torch.ones(50_000, 8)) != 0).float()
    correlations = torch.corrcoef(is_kept.T) - torch.eye(8)
    assert correlations.abs().max().item() < 0.02


def test_gradients_pass_where_values_do() -> None:
    torch.manual_seed(0)
    values = torch.randn(7, 5, requires_grad=True)
    dropped = Dropout(0.5)(values)
    dropped.sum().backward()  # type: ignore[no-untyped-call]
    assert values.grad is not None
    assert torch.equal(values.grad, torch.where(dropped == 0, 0.0, 2.0))


def test_outside_training_values_stay_as_they_are() -> None:
    values = torch.randn(3, 4)
    assert Dropout(0.3).eval()(values) is values
    assert Dropout(0.0)(values) is values


def test_the_same_seed_gives_the_same_masks_whatever_was_trained_before() -> None:
    dropout, values = Dropout(0.3), torch.ones(10, 10)
    torch.manual_seed(1)
    first, second = dropout(values), dropout(values)
    assert not torch.equal(first, second)
    torch.manual_seed(1)
    dropout.train()
    assert torch.equal(dropout(values), first)
    assert torch.equal(dropout(values), second)


def test_masks_of_two_batches_have_nothing_to_do_with_each_other() -> None:
    torch.manual_seed(0)
    dropout, values = Dropout(0.3), torch.ones(500, 100)
    masks = torch.stack([dropout(values).ravel() != 0 for _ in range(30)]).float()
    correlations = torch.corrcoef(masks) - torch.eye(30)
    assert correlations.abs().max().item() < 0.02


def test_a_larger_batch_than_the_first_has_its_mask() -> None:
    torch.manual_seed(0)
    dropout = Dropout(0.3)
    dropout(torch.ones(1, 10))
    is_kept = (dropout(torch.ones(1_000, 500)) != 0).float()
    assert is_kept.mean().item() == pytest.approx(0.7, abs=0.003)


@pytest.mark.parametrize("p", [-0.1, 1.0, float("nan")])
def test_a_share_that_is_none_is_refused(p: float) -> None:
    with pytest.raises(ValueError, match="p must be at least 0 and below 1, got"):
        Dropout(p)
