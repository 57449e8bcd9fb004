from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from models.core.arrays import normalise_rows
from models.core.graph import nearest_neighbours, neighbour_graph
from models.nightfold import cotraining
from models.nightfold.cotraining import (
    FEW,
    MANY,
    Neighbourhood,
    Recipe,
    Run,
    average_over,
    cotrain,
    fit_heads,
    n_epochs,
    train_heads,
)

CPU = torch.device("cpu")


def topics(n_samples: int = 200) -> tuple[list[torch.Tensor], Neighbourhood, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = np.arange(n_samples) % 4
    centers = rng.normal(size=(4, 20))
    X = (centers[labels] + 0.6 * rng.normal(size=(n_samples, 20))).astype(np.float32)
    near = nearest_neighbours(normalise_rows(X), 5)
    hood = Neighbourhood(near.indices, neighbour_graph(near, 5))
    return [torch.from_numpy(X[:, :12].copy()), torch.from_numpy(X[:, 12:].copy())], hood, labels


def one_hot(labels: np.ndarray) -> torch.Tensor:
    return torch.nn.functional.one_hot(torch.from_numpy(labels)).float()


def test_heads_learn_what_they_are_told() -> None:
    views, hood, labels = topics()
    heads, history = fit_heads(views, one_hot(labels), hood.indices, FEW, Run("heads", 0, CPU))
    probabilities = heads.predict_proba(views)
    assert (probabilities.argmax(dim=1).numpy() == labels).mean() > 0.97
    torch.testing.assert_close(probabilities.sum(dim=1), torch.ones(200))
    assert len(history) == n_epochs(200)
    assert history[-1]["loss"] < history[0]["loss"]


def test_the_opinion_of_the_heads_is_their_geometric_mean() -> None:
    views, hood, labels = topics()
    heads, _ = fit_heads(views, one_hot(labels), hood.indices, FEW, Run("heads", 0, CPU))
    with torch.no_grad():
        first, second = (log_p.exp() for log_p in heads(torch.cat(views, dim=1)))
    product = (first * second).sqrt()
    expected = product / product.sum(dim=1, keepdim=True)
    torch.testing.assert_close(heads.predict_proba(views), expected)


@pytest.mark.parametrize("recipe", [FEW, MANY])
def test_wrong_labels_are_put_right_by_their_neighbours(recipe: Recipe) -> None:
    views, hood, truth = topics()
    rng = np.random.default_rng(1)
    start = truth.copy()
    wrong = rng.choice(200, 40, replace=False)
    start[wrong] = rng.integers(0, 4, 40)
    refined, history = cotrain(views, one_hot(start), hood, recipe, Run("round", 0, CPU))
    labels = refined.argmax(dim=1).numpy()
    assert (labels == truth).mean() > (start == truth).mean() + 0.05
    torch.testing.assert_close(refined.sum(dim=1), torch.ones(200))
    assert history


def test_the_same_seed_gives_the_same_bits() -> None:
    views, hood, labels = topics(60)
    one, _ = cotrain(views, one_hot(labels), hood, FEW, Run("round", 3, CPU))
    other, _ = cotrain(views, one_hot(labels), hood, FEW, Run("round", 3, CPU))
    assert torch.equal(one, other)


def test_without_neighbours_nothing_is_mixed() -> None:
    views, _, labels = topics(8)
    nobody = np.zeros((8, 0), dtype=np.int64)
    heads, _ = fit_heads(views, one_hot(labels), nobody, FEW, Run("heads", 0, CPU))
    assert torch.isfinite(heads.predict_proba(views)).all()


def test_averaging_is_half_the_row_and_half_its_neighbourhood() -> None:
    _, hood, _ = topics(40)
    p = torch.from_numpy(np.random.default_rng(2).dirichlet(np.ones(4), 40).astype(np.float32))
    expected = (p + torch.from_numpy(hood.walk.toarray()) @ p) / 2
    torch.testing.assert_close(average_over(hood.walk, p), expected)


@pytest.mark.parametrize("n_views", [1, 2])
def test_any_number_of_views_will_do(n_views: int) -> None:
    views, hood, labels = topics(40)
    heads, _ = fit_heads(views[:n_views], one_hot(labels), hood.indices, FEW, Run("heads", 0, CPU))
    assert heads.predict_proba(views[:n_views]).shape == (40, 4)


@pytest.mark.parametrize(
    ("n_samples", "expected"),
    [(1, 100), (512, 100), (513, 100), (1_025, 67), (20_000, 5), (500_000, 1)],
)
def test_a_round_has_as_many_steps_in_a_small_feed_as_in_a_large_one(
    n_samples: int, expected: int
) -> None:
    assert n_epochs(n_samples) == expected


def test_documents_are_mixed_with_their_neighbours_not_with_themselves() -> None:
    views, hood, labels = topics(60)
    themselves = np.repeat(np.arange(60)[:, None], 5, axis=1)
    run = Run("heads", 0, CPU)
    mixed, _ = fit_heads(views, one_hot(labels), hood.indices, FEW, run)
    alone, _ = fit_heads(views, one_hot(labels), themselves, FEW, run)
    assert not torch.allclose(mixed.predict_proba(views), alone.predict_proba(views))


class Heads(torch.nn.Module):
    """Two heads, which say what their rows are, the second one twice as surely."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.eye(3))

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        log_p = (rows @ self.weight).log_softmax(dim=1)
        return torch.stack([log_p, 2 * log_p])


def test_the_loss_is_that_of_its_equation(monkeypatch: pytest.MonkeyPatch) -> None:
    def once(_: object, batch_losses: Any, n: int, *__: object, **___: object) -> Any:
        return batch_losses(torch.arange(n))["loss"]

    monkeypatch.setattr(cotraining, "fit_epochs", once)
    rng = np.random.default_rng(0)
    rows = torch.from_numpy(rng.normal(size=(6, 3)).astype(np.float32))
    target = torch.from_numpy(rng.dirichlet(np.ones(3), 6).astype(np.float32))
    others = np.roll(np.arange(6), 1)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        share = torch.rand(6, 1)
        torch.manual_seed(0)
        found = train_heads(Heads(), [rows], target, others[:, None], 1e-3, Run("heads", 0, CPU))  # type: ignore[arg-type]
    mixed, mixed_target = (share * it + (1 - share) * it[others] for it in (rows, target))
    likelihoods = (mixed_target * mixed.log_softmax(dim=1)).sum(dim=1)
    expected = -3 * (target.max(dim=1).values * likelihoods).mean()
    torch.testing.assert_close(torch.as_tensor(found), expected)


def test_each_round_has_fresh_heads_that_learn_from_the_one_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, hood, _ = topics(40)
    drawn = np.random.default_rng(0).dirichlet(np.ones(4), (2, 40)).astype(np.float32)
    start, opinion = torch.from_numpy(drawn)
    rounds: list[tuple[Run, torch.Tensor]] = []

    def fit(_: object, target: torch.Tensor, *given: Any) -> Any:
        rounds.append((given[-1], target))
        return SimpleNamespace(predict_proba=lambda _: opinion), [{"round": len(rounds)}]

    monkeypatch.setattr(cotraining, "fit_heads", fit)
    _, history = cotrain([], start, hood, FEW, Run("round", 3, CPU))
    assert history == [{"round": number} for number in range(1, FEW.rounds + 1)]
    assert [(run.step, run.seed) for run, _ in rounds][:2] == [("round 1", 3), ("round 2", 4)]
    torch.testing.assert_close(rounds[0][1], FEW.target(start))
    torch.testing.assert_close(rounds[1][1], FEW.target(average_over(hood.walk, opinion)))
