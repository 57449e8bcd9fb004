"""The loop over batches: what it covers, repeats, reports and refuses."""

from collections.abc import Mapping
from itertools import chain

import pytest
import torch
from torch import Tensor, nn

from models.core.records import History
from models.networks.adam import Adam
from models.networks.autoencoder import Autoencoder, build_autoencoder
from models.networks.training import (
    Schedule,
    fit_epochs,
    map_rows,
    pretrain_autoencoder,
)

CPU = torch.device("cpu")


def _rows(n_samples: int = 50, n_features: int = 6) -> Tensor:
    return torch.randn(n_samples, n_features, generator=torch.Generator().manual_seed(0))


def _pretrained(seed: int = 0, n_epochs: int = 3) -> tuple[Autoencoder, History]:
    autoencoder = build_autoencoder(6, (8,), 2, seed=0)
    schedule = Schedule("pretrain", n_epochs, 16, seed)
    return autoencoder, pretrain_autoencoder(autoencoder, _rows(), schedule, 0.01)


def _record_batches(schedule: Schedule, n_samples: int) -> list[list[int]]:
    weight = nn.Linear(1, 1)
    batches: list[list[int]] = []

    def batch_losses(indices: Tensor) -> Mapping[str, Tensor]:
        batches.append(indices.tolist())
        return {"loss": weight(torch.ones(1, 1)).sum()}

    fit_epochs(Adam(weight.parameters(), 0.1), batch_losses, n_samples, schedule)
    return batches


@pytest.mark.parametrize(("n_samples", "sizes"), [(10, [4, 4, 2]), (1, [1]), (2, [2]), (5, [4, 1])])
def test_each_epoch_sees_each_row_once(n_samples: int, sizes: list[int]) -> None:
    batches = _record_batches(Schedule("step", 2, 4, seed=0), n_samples)
    assert [len(batch) for batch in batches] == sizes * 2
    for epoch in (batches[: len(sizes)], batches[len(sizes) :]):
        assert sorted(chain.from_iterable(epoch)) == list(range(n_samples))


def test_order_changes_with_epoch_and_seed_and_repeats_with_the_seed() -> None:
    first, again, other = (_record_batches(Schedule("step", 2, 50, seed), 50) for seed in (0, 0, 1))
    assert first == again
    assert first[0] != first[1]
    assert first[0] != other[0]


def test_same_seed_gives_the_same_weights_bit_for_bit() -> None:
    (first, history), (second, same_history) = _pretrained(), _pretrained()
    assert history == same_history
    for name, weights in first.state_dict().items():
        assert torch.equal(weights, second.state_dict()[name])


def test_another_seed_gives_other_weights() -> None:
    (first, _), (second, _) = _pretrained(seed=0), _pretrained(seed=1)
    assert not torch.equal(first.encoder[0].weight, second.encoder[0].weight)


def test_random_layers_repeat_and_leave_the_global_random_numbers_alone() -> None:
    losses = []
    for _ in range(2):
        torch.manual_seed(len(losses))
        dropout = nn.Sequential(nn.Dropout(0.5), nn.Linear(6, 1))
        with torch.no_grad():
            for weights in dropout.parameters():
                weights.fill_(0.1)
        state = torch.get_rng_state()
        rows = _rows()
        history = fit_epochs(
            Adam(dropout.parameters(), 0.01),
            lambda indices, rows=rows, net=dropout: {"loss": net(rows[indices]).square().mean()},
            len(rows),
            Schedule("step", 2, 8, seed=4),
        )
        assert torch.equal(torch.get_rng_state(), state)
        losses.append([record["loss"] for record in history])
    assert losses[0] == losses[1]


def test_without_rows_nothing_is_trained() -> None:
    layer = nn.Linear(6, 1)
    before = layer.weight.detach().clone()
    told: list[object] = []
    history = fit_epochs(
        Adam(layer.parameters(), 0.01),
        lambda indices: {"loss": layer(_rows()[indices]).square().mean()},
        0,
        Schedule("step", 2, 8, seed=4),
        progress=lambda *progress: told.append(progress),
    )
    assert history == told == []
    assert torch.equal(layer.weight, before)


def test_reconstruction_gets_better() -> None:
    _, history = _pretrained(n_epochs=30)
    assert history[-1]["loss"] < 0.8 * history[0]["loss"]


def test_history_holds_means_over_rows_of_each_part() -> None:
    weight = nn.Linear(1, 1)

    def batch_losses(indices: Tensor) -> Mapping[str, Tensor]:
        size = torch.tensor(float(len(indices)))
        return {"loss": 0.0 * weight(torch.ones(1, 1)).sum(), "size": size}

    history = fit_epochs(Adam(weight.parameters(), 0.1), batch_losses, 5, Schedule("step", 2, 4, 0))
    assert history == [{"epoch": e, "loss": 0.0, "size": (4 * 4 + 1 * 1) / 5} for e in (1, 2)]


def test_no_epochs_change_nothing() -> None:
    untouched = build_autoencoder(6, (8,), 2, seed=0)
    autoencoder, history = _pretrained(n_epochs=0)
    assert history == []
    assert torch.equal(autoencoder.encoder[0].weight, untouched.encoder[0].weight)


def _stopped_at(stop: int, told: list[int]) -> History:
    weight = nn.Linear(1, 1)

    def before_step(step: int) -> bool:
        told.append(step)
        return step == stop

    return fit_epochs(
        Adam(weight.parameters(), 0.1),
        lambda _: {"loss": weight(torch.ones(1, 1)).square().sum()},
        10,
        Schedule("step", 4, 4, seed=0),
        before_step,
    )


@pytest.mark.parametrize(("stop", "n_epochs"), [(0, 0), (1, 1), (3, 1), (4, 2), (99, 4)])
def test_training_stops_where_it_is_told(stop: int, n_epochs: int) -> None:
    told: list[int] = []
    history = _stopped_at(stop, told)
    assert told == list(range(min(stop + 1, 12)))  # 4 epochs of 3 steps
    assert [record["epoch"] for record in history] == list(range(1, n_epochs + 1))


def test_progress_is_told_after_each_epoch() -> None:
    calls: list[tuple[str, int, int, float]] = []
    autoencoder = build_autoencoder(6, (8,), 2, seed=0)
    history = pretrain_autoencoder(
        autoencoder,
        _rows(),
        Schedule("pretrain", 3, 16, 0),
        0.01,
        lambda *call: calls.append(call),
    )
    assert calls == [("pretrain", i + 1, 3, record["loss"]) for i, record in enumerate(history)]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_is_an_error_that_says_where(value: float) -> None:
    autoencoder = build_autoencoder(6, (8,), 2, seed=0)
    rows = _rows()
    rows[7, 2] = value
    with pytest.raises(RuntimeError, match=r"pretrain: the loss of epoch 1 is (nan|inf); lower"):
        pretrain_autoencoder(autoencoder, rows, Schedule("pretrain", 3, 16, 0), 0.01)


def test_mapped_rows_keep_their_order_and_carry_no_gradient(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("models.networks.training._ROWS_AT_ONCE", 8)
    linear = nn.Linear(6, 2)
    sizes = []

    def function(part: Tensor) -> Tensor:
        sizes.append(len(part))
        result: Tensor = linear(part)
        return result

    mapped = map_rows(function, _rows(20), CPU)
    assert sizes == [8, 8, 4]
    assert not mapped.requires_grad
    torch.testing.assert_close(mapped, linear(_rows(20)))
