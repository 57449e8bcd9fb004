"""Clusters by optimal transport: each gets a share of all rows, and the shares are learned."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import softmax

from models.core.arrays import AnyFloats
from models.core.records import History

EPSILON: Final = 0.1
"""Entropy weight of the optimal transport: that of RSTC."""

_TINY: Final = float(np.finfo(np.float64).tiny)
_SMALLEST_SHARE: Final = 1e-12
_SMALLEST_COLUMN: Final = 1e-200
_MAX_ROUNDS: Final = 100
_SWEEPS: Final = 20
_MARGINAL_ERROR: Final = 1e-6


@dataclass(frozen=True)
class Transport:
    """Clusters between which rows are shared out.

    Attributes
    ----------
    centers
        Shape (n_clusters, n_features).
    variance
        Of the equal round Gaussians whose posterior is transported.
    potentials
        Shape (n_clusters,); see `transport_plan`.
    marginal
        Share of each cluster, shape (n_clusters,); they sum to 1.
    """

    centers: AnyFloats
    variance: float
    potentials: AnyFloats
    marginal: AnyFloats

    def posterior(self, X: AnyFloats) -> AnyFloats:
        """Compute the posterior before the shares come in, shape (n_samples, n_clusters)."""
        distances = cdist(X, self.centers, "sqeuclidean")
        return np.asarray(softmax(-distances / (2 * self.variance), axis=1))

    def assignments(self, X: AnyFloats) -> AnyFloats:
        """Compute the plan, also of rows that are new, shape (n_samples, n_clusters)."""
        return transport_plan(self.posterior(X), self.potentials)


def fit_transport(
    X: AnyFloats, centers: AnyFloats, variance: float, n_rounds: int, tol: float
) -> tuple[Transport, History]:
    r"""Alternate between the shares, the plan and the centres.

    .. math::
        b \leftarrow m \, b + (1 - m) \frac{1}{n} \sum_i q_i, \quad
        T \leftarrow \mathrm{transport}(q, b), \quad
        \mu_j \leftarrow \frac{\sum_i T_{ij} x_i}{\sum_i T_{ij}}

    The shares start as what the rows ask for and follow slowly: a small cluster neither swallows
    the border of a large one, as it would have to for an equal share, nor loses its rows to it.

    Parameters
    ----------
    X
        Shape (n_samples, n_features).
    centers
        First centres, shape (n_clusters, n_features).
    variance
        Of every cluster, positive; it stays.
    n_rounds
        At most.
    tol
        Share of rows that have another cluster than in the last round, below which it stops.

    Returns
    -------
    The clusters, and a record for each round; ``loss`` is minus the mean of
    :math:`\sum_j T_{ij} \log q_{ij}`, which the transport minimises.
    """
    n_clusters = len(centers)
    clusters = Transport(centers, variance, np.zeros(n_clusters), np.ones(n_clusters))
    asked = np.maximum(clusters.posterior(X).mean(axis=0), _SMALLEST_SHARE)
    clusters = replace(clusters, marginal=asked / asked.sum())
    plan = clusters.assignments(X)
    history: History = []
    for epoch in range(1, n_rounds + 1):
        labels = plan.argmax(axis=1)
        q = clusters.posterior(X)
        marginal = update_marginal(clusters.marginal, q)
        potentials = transport_potentials(q, marginal, start=clusters.potentials)
        plan = transport_plan(q, potentials)
        loss = -float((plan * np.log(np.maximum(q, _TINY))).sum(axis=1).mean())
        change = float(np.mean(plan.argmax(axis=1) != labels))
        history.append({"epoch": epoch, "loss": loss, "label_change": change})
        clusters = Transport(clusters.centers, variance, potentials, marginal)
        if change < tol or epoch == n_rounds:
            break
        clusters = replace(clusters, centers=(plan.T @ X) / plan.sum(axis=0)[:, None])
    return clusters, history


def transport_potentials(
    q: AnyFloats,
    marginal: AnyFloats | None = None,
    epsilon: float = EPSILON,
    start: AnyFloats | None = None,
) -> AnyFloats:
    r"""Solve an optimal transport over the whole set, with entropy, by Sinkhorn's iteration.

    .. math::
        \min_T \sum_{ij} T_{ij} (-\log q_{ij}) + \epsilon \sum_{ij} T_{ij} (\log T_{ij} - 1)
        \quad \text{with} \quad \sum_j T_{ij} = 1, \; \frac{1}{n} \sum_i T_{ij} = b_j

    Parameters
    ----------
    q
        Soft assignments, shape (n_samples, n_clusters); rows sum to 1.
    marginal
        The b: share of the rows that each cluster gets, shape (n_clusters,), positive, sums to 1.
        None: equal shares.
    epsilon
        Positive; the smaller, the harder.
    start
        Potentials of a similar problem, which save time; None: zeros.

    Returns
    -------
    What `transport_plan` makes the T of, shape (n_clusters,).

    Raises
    ------
    ValueError
        If ``marginal`` or ``epsilon`` cannot be used.

    References
    ----------
    Cuturi (2013), Sinkhorn Distances; Zheng et al. (2023), Robust Representation Learning with
    Reliable Pseudo-labels Generation via Self-Adaptive Optimal Transport for Short Text Clustering.
    """
    n_clusters = q.shape[1]
    b = np.full(n_clusters, 1.0 / n_clusters) if marginal is None else np.asarray(marginal)
    if not (b.shape == (n_clusters,) and (b > 0).all() and np.isclose(b.sum(), 1.0)):
        raise ValueError(f"marginal must be {n_clusters} positive shares of sum 1, got {marginal}")
    if not epsilon > 0:
        raise ValueError(f"epsilon must be positive, got {epsilon}")
    scores = _scores(q, epsilon)
    potentials = np.zeros(n_clusters) if start is None else start
    for _ in range(_MAX_ROUNDS):
        logits = scores + potentials  # anew each round, as what underflows now may matter later
        gain, is_done = _sweep(np.exp(logits - logits.max(axis=1, keepdims=True)), b)
        potentials = potentials + gain
        if is_done:
            break
    return np.asarray(potentials)


def transport_plan(q: AnyFloats, potentials: AnyFloats, epsilon: float = EPSILON) -> AnyFloats:
    r"""Compute the plan of potentials, also of rows that were not there.

    .. math::
        T_{ij} \propto q_{ij}^{1 / \epsilon} \, e^{v_j}

    Parameters
    ----------
    q
        Soft assignments, shape (n_samples, n_clusters).
    potentials
        The v, shape (n_clusters,).
    epsilon
        As they were found with.

    Returns
    -------
    The T, shape (n_samples, n_clusters); rows sum to 1, and over the rows that the potentials were
    found with the column means are the marginal.
    """
    return np.asarray(softmax(_scores(q, epsilon) + potentials, axis=1))


def update_marginal(marginal: AnyFloats, q: AnyFloats, momentum: float = 0.9) -> AnyFloats:
    r"""Move the shares of the clusters towards those that the soft assignments give them.

    .. math::
        b \leftarrow m \, b + (1 - m) \frac{1}{n} \sum_i q_i

    To be called between two rounds, on the clusters' own soft assignments: those of the plan have
    the old marginal and would never move it. Imbalanced clusters then keep their size, while no
    cluster loses its rows in one round.

    Parameters
    ----------
    marginal
        The b, shape (n_clusters,); sums to 1.
    q
        Soft assignments of the whole set, shape (n_samples, n_clusters); rows sum to 1.
    momentum
        The m, in [0, 1]; 1 keeps the marginal.

    Returns
    -------
    The new marginal, same shape; sums to 1.

    Raises
    ------
    ValueError
        If ``momentum`` is outside.
    """
    if not 0.0 <= momentum <= 1.0:
        raise ValueError(f"momentum must be between 0 and 1, got {momentum}")
    return np.asarray(momentum * marginal + (1.0 - momentum) * q.mean(axis=0))


def _scores(q: AnyFloats, epsilon: float) -> AnyFloats:
    """Return minus the cost of the transport, in units of its entropy weight."""
    return np.asarray(np.log(np.maximum(q, _TINY, dtype=np.float64)) / epsilon)


def _sweep(kernel: AnyFloats, b: AnyFloats) -> tuple[AnyFloats, bool]:
    """Do some of Sinkhorn's sweeps; give what the potentials gain, and whether b is met."""
    v = np.ones(len(b))
    for _ in range(_SWEEPS):
        columns = np.maximum(kernel.T @ (1.0 / (kernel @ v)), _SMALLEST_COLUMN)
        if np.abs(v * columns / len(kernel) - b).max() < _MARGINAL_ERROR:
            return np.log(v), True
        v = len(kernel) * b / columns
    return np.log(v), False
