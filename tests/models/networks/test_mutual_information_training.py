"""Student, teacher and marginal: what is a moving average of what, and what the history tells."""

import numpy as np
import pytest
import torch

from models.networks.autoencoder import build_autoencoder
from models.networks.mutual_information_losses import pair_loss, pair_weights
from models.networks.mutual_information_training import (
    InformationTraining,
    Objective,
    PrototypeHeads,
    find_partners,
    temperature,
)
from models.networks.training import Schedule


def _training(objective: Objective, n_heads: int = 2) -> InformationTraining:
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(60, 6, generator=generator)
    centers = torch.randn(n_heads, 4, 2, generator=generator)
    heads = PrototypeHeads(build_autoencoder(6, (8,), 2, seed=0), centers, torch.ones(n_heads))
    return InformationTraining(heads, rows, find_partners(rows, 5), objective)


def test_heads_are_the_posterior_of_equal_round_gaussians() -> None:
    heads = _training(Objective()).student
    x = torch.randn(5, 6)
    z = heads.autoencoder.encode(x).detach().numpy()
    for head in range(2):
        centers = heads.centers[head].detach().numpy()
        joint = np.exp(-np.square(z[:, None] - centers).sum(axis=2) / 2)
        expected = joint / joint.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(heads(x)[head].exp().detach(), expected, rtol=1e-4)


def test_the_teacher_follows_the_student_by_its_momentum() -> None:
    training = _training(Objective(teacher_momentum=0.9))
    first = training.teacher.centers.clone()
    with torch.no_grad():
        training.student.centers += 1.0
    training.update_teacher()
    torch.testing.assert_close(training.teacher.centers, first + 0.1)


def test_the_pair_loss_goes_both_ways_with_weights_and_the_teachers_marginal() -> None:
    training = _training(Objective(beta=0.7))
    with torch.no_grad():
        training.student.centers += 0.3  # so that student and teacher differ
    before = training.marginal.clone()
    a, b = torch.tensor([0, 5, 9]), torch.tensor([3, 1, 2])
    found = training.head_losses(a, b)["loss"]
    rows_a, rows_b = training.rows[a], training.rows[b]
    teacher_a, teacher_b = training.teacher(rows_a), training.teacher(rows_b)
    marginal = 0.9 * before + 0.1 * torch.cat([teacher_a, teacher_b], dim=1).exp().mean(dim=1)
    torch.testing.assert_close(training.marginal, marginal)
    one_way = pair_loss(training.student(rows_a), teacher_b, marginal, 0.7)
    back = pair_loss(training.student(rows_b), teacher_a, marginal, 0.7)
    weights = pair_weights(teacher_a, teacher_b)
    torch.testing.assert_close(found, (weights * (one_way + back) / 2).mean(dim=1))


@pytest.mark.parametrize("partners", ["neighbours", "adversarial"])
def test_the_parts_of_the_information_make_its_loss(partners: str) -> None:
    training = _training(Objective("imsat", partners))  # type: ignore[arg-type]
    parts = training.head_losses(torch.arange(20), training.partners[:20, 0])
    information = 4 * parts["marginal_entropy"] - parts["conditional_entropy"]
    torch.testing.assert_close(parts["loss"], parts["consistency_loss"] - 0.1 * information)
    assert (parts["consistency_loss"] > 0).all()


def test_the_reconstruction_comes_beside_with_its_weight_and_trains_the_decoder() -> None:
    schedule = Schedule("pretrain", 2, 20, 0)
    for weight in (0.0, 2.0):
        training = _training(Objective(reconstruction_loss_weight=weight))
        decoder = training.student.autoencoder.decoder
        before = [part.clone() for part in decoder.parameters()]
        history = training.fit(schedule, 0.01)
        same = all(map(torch.equal, before, decoder.parameters()))
        assert same is (weight == 0.0)
        assert ("reconstruction_loss" in history[0]) is (weight > 0)


def test_a_collapse_is_seen_in_the_history() -> None:
    training = _training(Objective())
    with torch.no_grad():
        for network in (training.student, training.teacher):
            network.centers[1, 1:] = 1e3  # the second head has one cluster that is near the rows
    history = training.fit(Schedule("refine", 2, 20, 0), 1e-4)
    assert [record["n_clusters"] for record in history] == [1, 1]


def test_the_best_head_is_the_one_whose_clusters_tell_most() -> None:
    training = _training(Objective())
    with torch.no_grad():
        for network in (training.student, training.teacher):
            network.centers[0, 1:] = 1e3  # one cluster for all rows tells nothing
    training.marginal = training.teacher_assignments().mean(dim=1)
    state = torch.get_rng_state()
    assert training.best_head(seed=0) == 1
    assert torch.equal(torch.get_rng_state(), state)


def test_a_lone_row_is_its_own_partner() -> None:
    assert find_partners(torch.ones(1, 4), 5).tolist() == [[0]]


def test_temperature_is_a_quarter_of_the_mean_square_distance() -> None:
    latent = np.array([[0.0, 0.0], [2.0, 0.0], [10.0, 0.0]], dtype=np.float32)
    centers = np.array([[1.0, 0.0], [10.0, 0.0]], dtype=np.float32)
    assert temperature(latent, centers) == pytest.approx((1 + 1 + 0) / 3 / 4)
    assert temperature(centers, centers) == 1.0
