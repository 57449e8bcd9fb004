"""What changes while clusters are learned by mutual information: student, teacher, marginal."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.core.arrays import normalise_rows
from models.core.devices import seeded_rng
from models.core.graph import nearest_neighbours
from models.core.records import History, Progress
from models.networks.adam import Adam
from models.networks.autoencoder import Autoencoder
from models.networks.functional import reconstruction_loss
from models.networks.mutual_information_losses import (
    adversarial_rows,
    conditional_entropy,
    consistency,
    marginal_entropy,
    pair_loss,
    pair_weights,
)
from models.networks.training import Schedule, fit_epochs, map_rows

Goal = Literal["temi", "imsat"]
Partners = Literal["neighbours", "adversarial"]

INFORMATION_WEIGHT: Final = 0.1
"""The λ of IMSAT."""

EVENNESS: Final = 4.0
"""The μ of IMSAT: weight of the marginal entropy beside the conditional one."""

_SOFTNESS: Final = 0.25
_MARGINAL_MOMENTUM: Final = 0.9
_RADIUS: Final = 0.25
_RADIUS_NEIGHBOUR: Final = 10
_ROWS_AT_ONCE: Final = 2048


@dataclass(frozen=True)
class Objective:
    """What is minimised.

    Attributes
    ----------
    goal
        ``"temi"``: `models.networks.mutual_information_losses.pair_loss`; ``"imsat"``: minus the
        mutual information, and the consistency of each row with its partner.
    partners
        What a row is to agree with in ``"imsat"``: its neighbours, or itself moved adversarially.
    beta
        Of the pair loss.
    teacher_momentum
        Share of itself that the teacher keeps at each step; the rest comes from the student.
    reconstruction_loss_weight
        Of the autoencoder's own loss beside; 0 leaves the decoder alone.
    """

    goal: Goal = "temi"
    partners: Partners = "neighbours"
    beta: float = 0.6
    teacher_momentum: float = 0.996
    reconstruction_loss_weight: float = 0.0


class PrototypeHeads(nn.Module):
    r"""An encoder and several sets of prototypes, each of which divides the latent space.

    .. math::
        q^h(c | x) \propto \exp(-\|f(x) - \mu_c^h\|^2 / 2 T_h)

    Parameters
    ----------
    autoencoder
        Its encoder is the f.
    centers
        First prototypes, shape (n_heads, n_clusters, latent_dim), on the device to train on.
    temperatures
        The T, shape (n_heads,), positive.
    """

    temperatures: Tensor

    def __init__(self, autoencoder: Autoencoder, centers: Tensor, temperatures: Tensor) -> None:
        super().__init__()
        self.autoencoder = autoencoder
        self.centers = nn.Parameter(centers.clone())
        self.register_buffer("temperatures", temperatures.clone())

    def forward(self, x: Tensor) -> Tensor:
        """Compute log-probabilities of standardized rows, (n_heads, n_samples, n_clusters)."""
        z = self.autoencoder.encode(x).to(self.centers.dtype)
        distances = torch.cdist(
            z.expand(len(self.centers), *z.shape),
            self.centers,
            compute_mode="donot_use_mm_for_euclid_dist",
        )
        return torch.log_softmax(-distances.square() / (2 * self.temperatures[:, None, None]), -1)


def find_partners(rows: Tensor, n_neighbors: int) -> Tensor:
    """Find the nearest rows of each by cosine, (n_samples, n_neighbors); a lone row has itself."""
    found = nearest_neighbours(normalise_rows(rows.cpu().numpy()), n_neighbors, rows.device).indices
    return torch.from_numpy(found if found.shape[1] else np.arange(len(rows))[:, None])


def temperature(latent: NDArray[np.float32], centers: NDArray[np.float32]) -> float:
    """Compute a head's T: a quarter of the mean square distance of the rows from their centre."""
    squares = np.square(latent[:, None] - centers).sum(axis=2).min(axis=1)
    return _SOFTNESS * float(squares.mean()) or 1.0


class InformationTraining(nn.Module):
    """Student and teacher, the rows, and their partners.

    Parameters
    ----------
    student
        On the device to train on; it is trained in place.
    rows
        Standardized rows, shape (n_samples, n_features), on any device.
    partners
        Numbers of the rows near each, shape (n_samples, n_neighbors), on the CPU.
    objective
        See `Objective`.

    Attributes
    ----------
    teacher
        A moving average of the student.
    marginal
        Moving average of the teacher's mean assignment, shape (n_heads, n_clusters).
    """

    def __init__(
        self, student: PrototypeHeads, rows: Tensor, partners: Tensor, objective: Objective
    ) -> None:
        super().__init__()
        self.student = student
        self.teacher = copy.deepcopy(student).requires_grad_(False)
        self.rows = rows
        self.partners = partners
        self.objective = objective
        self.marginal = self.teacher_assignments().mean(dim=1)

    def teacher_assignments(self) -> Tensor:
        """Compute the teacher's probabilities of all rows, (n_heads, n_samples, n_clusters)."""
        device = self.student.centers.device
        by_row = map_rows(lambda x: self.teacher(x).exp().transpose(0, 1), self.rows, device)
        return by_row.transpose(0, 1)

    def update_teacher(self) -> None:
        """Move the teacher towards the student."""
        with torch.no_grad():
            for own, new in zip(self.teacher.parameters(), self.student.parameters(), strict=True):
                own.lerp_(new, 1 - self.objective.teacher_momentum)

    def batch_losses(self, indices: Tensor) -> Mapping[str, Tensor]:
        """Compute the loss and its parts on some rows, each with a partner drawn for it.

        Parameters
        ----------
        indices
            Numbers of the rows, shape (batch_size,).

        Returns
        -------
        Scalars ``loss``, the parts of the goal (see `head_losses`), and ``reconstruction_loss``
        where it has a weight.
        """
        drawn = torch.randint(self.partners.shape[1], (len(indices),))
        heads = self.head_losses(indices, self.partners[indices, drawn])
        losses = {name: value.mean() for name, value in heads.items()}
        weight = self.objective.reconstruction_loss_weight
        if weight > 0:
            network = self.student.autoencoder
            x = self.rows[indices].to(network.feature_mean.device)
            losses["reconstruction_loss"] = reconstruction_loss(x, network(x)[1])
            losses["loss"] = losses["loss"] + weight * losses["reconstruction_loss"]
        return losses

    def head_losses(self, indices: Tensor, partners: Tensor) -> Mapping[str, Tensor]:
        """Compute each head's loss and its parts, shape (n_heads,), on rows and their partners.

        Parameters
        ----------
        indices, partners
            Numbers of the rows, shape (batch_size,).

        Returns
        -------
        ``loss``; and with the goal IMSAT ``marginal_entropy``, ``conditional_entropy`` and
        ``consistency_loss``.
        """
        device = self.student.centers.device
        x, other = (self.rows[numbers].to(device) for numbers in (indices, partners))
        if self.objective.goal == "temi":
            return {"loss": self._pair_losses(x, other)}
        return self._information_losses(x, self._moved(x, indices, other))

    def best_head(self, seed: int) -> int:
        """Find the head with the lowest loss on all rows, each with its nearest partner."""
        parts = torch.split(torch.arange(len(self.rows)), _ROWS_AT_ONCE)
        with torch.no_grad(), seeded_rng(seed, self.student.centers.device):
            losses = [
                self.head_losses(part, self.partners[part, 0])["loss"] * len(part) for part in parts
            ]
        return int(torch.stack(losses).sum(dim=0).argmin())

    def n_filled(self) -> int:
        """Count the clusters that have rows, in the head that has the fewest."""
        labels = self.teacher_assignments().argmax(dim=2)
        return min(len(torch.unique(of_head)) for of_head in labels)

    def fit(
        self, schedule: Schedule, learning_rate: float, progress: Progress | None = None
    ) -> History:
        """Train, in place; see `models.networks.training.fit_epochs`.

        Each record has ``n_clusters`` too, see `n_filled`: a collapse can be seen as it happens.
        """
        filled: list[int] = []
        steps_per_epoch = -(-len(self.rows) // schedule.batch_size)

        def before_step(step: int) -> bool:
            if step > 0:
                self.update_teacher()
                if step % steps_per_epoch == 0:
                    filled.append(self.n_filled())
            return False

        optimizer = Adam(self.student.parameters(), learning_rate)
        n_samples = len(self.rows)
        history = fit_epochs(
            optimizer, self.batch_losses, n_samples, schedule, before_step, progress
        )
        if history:
            self.update_teacher()
            filled.append(self.n_filled())
        for record, n_clusters in zip(history, filled, strict=True):
            record["n_clusters"] = n_clusters
        return history

    def _pair_losses(self, x: Tensor, other: Tensor) -> Tensor:
        """Weigh the losses of the pairs, both ways; shape (n_heads,)."""
        with torch.no_grad():
            teacher, teacher_other = self.teacher(x), self.teacher(other)
            mean = (teacher.exp() + teacher_other.exp()).mean(dim=1) / 2
            self.marginal = torch.lerp(self.marginal, mean, 1 - _MARGINAL_MOMENTUM)
            weights = pair_weights(teacher, teacher_other)
        beta = self.objective.beta
        one_way = pair_loss(self.student(x), teacher_other, self.marginal, beta)
        back = pair_loss(self.student(other), teacher, self.marginal, beta)
        return (weights * (one_way + back) / 2).mean(dim=1)

    def _information_losses(self, x: Tensor, other: Tensor) -> Mapping[str, Tensor]:
        """Weigh consistency against information; each of shape (n_heads,)."""
        student = self.student(x)
        with torch.no_grad():
            target = self.teacher(x)
        parts = {
            "marginal_entropy": marginal_entropy(student),
            "conditional_entropy": conditional_entropy(student),
            "consistency_loss": consistency(target, self.student(other)),
        }
        information = EVENNESS * parts["marginal_entropy"] - parts["conditional_entropy"]
        return {"loss": parts["consistency_loss"] - INFORMATION_WEIGHT * information, **parts}

    def _moved(self, x: Tensor, indices: Tensor, other: Tensor) -> Tensor:
        """Return what the rows are to agree with."""
        if self.objective.partners == "neighbours":
            return other
        place = min(_RADIUS_NEIGHBOUR, self.partners.shape[1]) - 1
        far = self.rows[self.partners[indices, place]].to(x.device)
        radius = _RADIUS * (x - far).norm(dim=1, keepdim=True)
        return adversarial_rows(self.student, x, radius)
