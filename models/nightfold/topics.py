"""The level above the clusters: which of them belong to one topic."""

from typing import Final

import numpy as np

from models.core.arrays import Floats, Integers
from models.core.lloyd import cluster_means, indicator, nearest_center
from models.counting.n_clusters import NClustersChoice
from models.nightfold.starts import consensus_labels

MOST_ROWS: Final = 10_000
"""Rows that topics are found on where there are more: topics are few, so that each has many."""


def find_topics(
    space: Floats, labels: Integers, choice: NClustersChoice | None, rng: np.random.Generator
) -> Integers:
    """Find the topic that each cluster is under.

    The number of topics is the one that halves agree on. They are found on their own, and a cluster
    goes under the topic that most of its rows are in: merging clusters step by step keeps their
    borders, and measured worse against the labels of people.

    Parameters
    ----------
    space
        The smoothed space, shape (n_samples, n_features).
    labels
        Cluster of each row, shape (n_samples,).
    choice
        How the number of clusters was chosen; None where it was given.
    rng
        Source of every draw.

    Returns
    -------
    Number of the topic, shape (n_clusters,), without gaps. Where the clusters are the only level,
    each is a topic of its own.
    """
    if choice is None or choice.n_themes == choice.n_clusters:
        return np.arange(int(labels.max()) + 1)
    return topics_of(labels, _coarse_labels(space, choice.n_clusters, rng))


def _coarse_labels(space: Floats, n_topics: int, rng: np.random.Generator) -> Integers:
    """Find topics by a consensus, on a sample of very many rows, and put the others with them."""
    if len(space) <= MOST_ROWS:
        return consensus_labels(space, n_topics, rng)
    sample = space[rng.choice(len(space), MOST_ROWS, replace=False)]
    labels = consensus_labels(sample, n_topics, rng)
    return nearest_center(space, cluster_means(sample, labels, n_topics))


def topics_of(labels: Integers, coarse: Integers) -> Integers:
    """Find the topic of each cluster, the one that most of its rows are in.

    Parameters
    ----------
    labels
        Cluster of each row, shape (n_samples,); none is empty.
    coarse
        Topic of each row, same shape.

    Returns
    -------
    Number of the topic, shape (n_clusters,), without gaps; of topics with equally many rows the
    first.
    """
    members = indicator(labels, int(labels.max()) + 1)
    shared = (members @ indicator(coarse, int(coarse.max()) + 1).T).toarray()
    return np.asarray(np.unique(shared.argmax(axis=1), return_inverse=True)[1], dtype=np.int64)
