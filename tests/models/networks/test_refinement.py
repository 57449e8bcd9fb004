"""The refinement of IDEC: its loss, its full-data target, its end, its collapse."""

import logging

import numpy as np
import pytest
import torch
from torch import Tensor

from models.networks.autoencoder import build_autoencoder
from models.networks.functional import (
    kl_divergence,
    reconstruction_loss,
    soft_assignment,
    target_distribution,
)
from models.networks.refinement import (
    MAX_EPOCHS_PER_TARGET,
    Refinement,
    fit_refinement,
    has_collapsed,
)
from models.networks.training import Schedule


def _refinement(weight: float = 0.1, n_samples: int = 60) -> Refinement:
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(n_samples, 6, generator=generator)
    autoencoder = build_autoencoder(6, (8,), 2, seed=0)
    centers = torch.randn(4, 2, generator=generator)
    return Refinement(autoencoder, centers, rows, weight)


def _schedule(n_epochs: int, batch_size: int = 20) -> Schedule:
    return Schedule("refine", n_epochs, batch_size, seed=0)


def _latent(refinement: Refinement) -> Tensor:
    return refinement.autoencoder.encode(refinement.rows).detach()


def test_target_is_that_of_all_rows() -> None:
    refinement = _refinement()
    q = soft_assignment(_latent(refinement), refinement.centers.detach())
    torch.testing.assert_close(refinement.target, target_distribution(q))
    assert torch.equal(refinement.labels, q.argmax(dim=1))
    assert not torch.allclose(refinement.target[:20], target_distribution(q[:20]), atol=1e-3)


def test_loss_is_reconstruction_plus_weighted_clustering() -> None:
    refinement = _refinement(weight=0.25)
    indices = torch.tensor([5, 0, 9])
    losses = refinement.batch_losses(indices)
    x = refinement.rows[indices]
    z, x_hat = refinement.autoencoder(x)
    q = soft_assignment(z, refinement.centers)
    torch.testing.assert_close(losses["reconstruction_loss"], reconstruction_loss(x, x_hat))
    torch.testing.assert_close(
        losses["clustering_loss"], kl_divergence(refinement.target[indices], q)
    )
    torch.testing.assert_close(
        losses["loss"], losses["reconstruction_loss"] + 0.25 * losses["clustering_loss"]
    )


def test_without_weight_only_the_reconstruction_is_trained() -> None:
    refinement = _refinement(weight=0.0)
    centers = refinement.centers.detach().clone()
    history = fit_refinement(refinement, _schedule(5), 0.01, interval=140, tol=0.0)
    assert torch.equal(refinement.centers.detach(), centers)
    assert history[-1]["reconstruction_loss"] < history[0]["reconstruction_loss"]


def test_more_weight_gives_surer_clusters_and_a_worse_reconstruction() -> None:
    sureness, reconstruction = [], []
    for weight in (0.0, 10.0):
        refinement = _refinement(weight)
        history = fit_refinement(refinement, _schedule(20), 0.01, interval=9, tol=0.0)
        sureness.append(refinement.soft_assignments().amax(dim=1).mean().item())
        reconstruction.append(history[-1]["reconstruction_loss"])
    assert sureness == sorted(sureness)
    assert reconstruction == sorted(reconstruction)
    assert sureness[-1] > sureness[0] + 0.1


def test_both_autoencoder_and_centres_are_trained() -> None:
    refinement = _refinement()
    before = {name: value.clone() for name, value in refinement.state_dict().items()}
    fit_refinement(refinement, _schedule(1), 0.01, interval=140, tol=0.0)
    trained = {name for name, _ in refinement.named_parameters()}
    changed = {
        name for name, value in refinement.state_dict().items() if not value.equal(before[name])
    }
    assert changed == trained


def _targets_at(monkeypatch: pytest.MonkeyPatch, interval: int, n_epochs: int) -> list[int]:
    """Note how many batches had been trained when each target was computed."""
    refinement, n_batches, updates = _refinement(), [0], []
    update, losses = refinement.update_target, refinement.batch_losses

    def note_update() -> None:
        updates.append(n_batches[0])
        update()

    def note_batch(indices: Tensor) -> object:
        n_batches[0] += 1
        return losses(indices)

    monkeypatch.setattr(refinement, "update_target", note_update)
    monkeypatch.setattr(refinement, "batch_losses", note_batch)
    fit_refinement(refinement, _schedule(n_epochs), 0.01, interval, tol=0.0)
    return updates


def test_target_is_renewed_at_its_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _targets_at(monkeypatch, interval=4, n_epochs=4) == [4, 8]  # 12 steps: 0 to 11


def test_target_is_renewed_in_few_epochs_where_these_are_short(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    every = 3 * MAX_EPOCHS_PER_TARGET  # 3 steps in an epoch
    assert _targets_at(monkeypatch, interval=140, n_epochs=11) == [every, 2 * every]


def test_training_stops_when_few_labels_change() -> None:
    history = fit_refinement(_refinement(), _schedule(50), 1e-6, interval=7, tol=0.02)
    assert len(history) == 3  # the second target comes after 7 steps: 2 epochs and a batch
    assert [record["label_change"] for record in history] == [None, None, 0.0]


def test_training_goes_on_while_labels_change() -> None:
    history = fit_refinement(_refinement(), _schedule(9), 1e-6, interval=7, tol=0.0)
    assert len(history) == 9


def test_a_label_change_is_the_share_of_rows_that_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    refinement = _refinement()

    def move_three() -> None:
        refinement.labels = refinement.labels.clone()
        refinement.labels[:3] = (refinement.labels[:3] + 1) % 4

    monkeypatch.setattr(refinement, "update_target", move_three)
    history = fit_refinement(refinement, _schedule(2), 1e-6, interval=3, tol=0.0)
    assert history[-1]["label_change"] == pytest.approx(3 / 60)


@pytest.mark.parametrize(
    ("labels", "at_start", "n_clusters", "collapsed"),
    [
        ([0, 1, 2, 3], [0, 1, 2, 3], 4, False),
        ([0, 0, 1, 1], [0, 1, 2, 3], 4, False),  # half is left
        ([0, 0, 0, 0], [0, 1, 2, 3], 4, True),
        ([0, 0, 0, 1], [0, 1, 2, 3], 4, True),  # two have rows, 1.75 effective ones
        ([0, 0, 0, 1], [0, 0, 1, 0], 2, False),  # uneven from the start
        ([0, 0, 0, 0], [0, 0, 0, 0], 4, True),  # k-means had found one of four
        ([0, 0], [0, 0], 1, False),
    ],
)
def test_a_collapse_is_told_and_logged(
    caplog: pytest.LogCaptureFixture,
    labels: list[int],
    at_start: list[int],
    n_clusters: int,
    collapsed: bool,
) -> None:
    with caplog.at_level(logging.WARNING):
        assert has_collapsed(np.array(labels), np.array(at_start), n_clusters) is collapsed
    assert ("have collapsed" in caplog.text) is collapsed
    n_left = len(set(labels))
    assert (f"lost: {n_left} of {n_clusters} have rows" in caplog.text) is (n_left < n_clusters)
