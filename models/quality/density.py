"""How clusters lie as dense regions: DBCV, the density-based validation of a clustering."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.core.arrays import Floats, Integers

SAMPLE_SIZE: Final = 2_000
"""Above this number of rows DBCV is that of a random sample of so many of them."""

OUTLIER: Final = -1

_TIE_BREAK: Final = 1e-9

Doubles = NDArray[np.float64]


class Tree(NamedTuple):
    """A minimum spanning tree over n rows, as its n - 1 edges."""

    ends: Integers  # (n - 1, 2)
    weights: Doubles  # (n - 1,)


class _Region(NamedTuple):
    """What DBCV keeps of a cluster."""

    rows: Integers  # inner rows of its tree, as positions in the sample
    core: Doubles  # their core distances
    sparseness: float
    share: float  # of all rows, outliers included


def dbcv(
    X: Floats, labels: ArrayLike, sample_size: int = SAMPLE_SIZE, random_state: int = 0
) -> float | None:
    r"""Compute the density-based clustering validation with Euclidean distances.

    .. math::
        \sum_j \frac{n_j}{n}
        \frac{\min_i DSPC(C_j, C_i) - DSC(C_j)}{\max(\min_i DSPC(C_j, C_i), DSC(C_j))}

    where DSC, the sparseness of a cluster, is the longest inner edge of its minimum spanning tree
    of mutual reachability distances, and DSPC, the separation of two clusters, the shortest such
    distance between inner rows of their trees. Inner rows have at least two edges, inner edges join
    them; a tree without inner edges is taken whole, and so are the rows of a tree of one edge.

    Outliers, and clusters with one row, count as rows and score 0. The value falls as the sample
    grows, so that only values of one sample size compare. Mutual reachability distances tie often,
    and the paper does not say which of the minimal trees counts: here the plain distance breaks
    ties, so that the order of the rows does not matter.

    Parameters
    ----------
    X
        The space to score in, shape (n_samples, n_features).
    labels
        Shape (n_samples,); -1 marks outliers.
    sample_size
        With more rows than this, the score is that of a random sample of so many; the cost grows
        with its square.
    random_state
        Draws the sample: the same one in every call with the same seed.

    Returns
    -------
    From -1 to 1, higher is better, or None with fewer than 2 clusters of 2 rows or more.

    References
    ----------
    Moulavi, Jaskowiak, Campello, Zimek, Sander (2014), Density-Based Clustering Validation,
    definitions 1 to 8.
    """
    labels = np.asarray(labels)
    if len(labels) > sample_size:
        sample = np.random.default_rng(random_state).choice(len(labels), sample_size, replace=False)
        sample.sort()
        X, labels = X[sample], labels[sample]
    distances = euclidean_distances(X)
    clusters, sizes = np.unique(labels[labels != OUTLIER], return_counts=True)
    regions = [
        _region(distances, np.flatnonzero(labels == cluster), X.shape[1])
        for cluster in clusters[sizes > 1]
    ]
    if len(regions) < 2:
        return None
    return float(sum(_validity(distances, region, regions) * region.share for region in regions))


def euclidean_distances(X: Floats) -> Doubles:
    """Compute all distances in double precision, shape (n_samples, n_samples)."""
    rows = np.asarray(X, dtype=np.float64)
    norms = (rows**2).sum(axis=1)
    squared = norms[:, None] + norms - 2.0 * (rows @ rows.T)
    distances: Doubles = np.sqrt(np.maximum(squared, 0.0))
    np.fill_diagonal(distances, 0.0)
    return distances


def core_distances(distances: Doubles, n_features: int) -> Doubles:
    r"""Compute how sparsely each row of a cluster lies among the others.

    .. math::
        \Big(\frac{1}{n - 1} \sum_{j \neq i} d_{ij}^{-D}\Big)^{-1/D}

    in logarithms: with D = 384 features a distance under 0.15 has a power that no float holds.

    Parameters
    ----------
    distances
        Between the rows of one cluster, shape (n, n) with n of at least 2.
    n_features
        D.

    Returns
    -------
    Shape (n,); 0 for a row with a double.

    References
    ----------
    Moulavi et al. (2014), definition 1.
    """
    with np.errstate(divide="ignore"):
        powers = -n_features * np.log(distances)
    np.fill_diagonal(powers, -np.inf)
    top = powers.max(axis=1)  # infinite for a row with a double
    finite = np.where(np.isfinite(top), top, 0.0)[:, None]
    with np.errstate(over="ignore"):
        mean = np.exp(powers - finite).sum(axis=1) / (len(distances) - 1)
    core: Doubles = np.exp(-(finite[:, 0] + np.log(mean)) / n_features)
    return core


def spanning_tree(weights: Doubles) -> Tree:
    """Grow a minimum spanning tree from row 0 by Prim's algorithm; the first of equals is taken.

    Parameters
    ----------
    weights
        Symmetric, shape (n, n); a weight of 0 is an edge like any other.
    """
    n_rows = len(weights)
    outside = np.ones(n_rows, dtype=bool)
    outside[0] = False
    nearest, parents = weights[0].copy(), np.zeros(n_rows, dtype=np.int64)
    ends, lengths = np.zeros((n_rows - 1, 2), dtype=np.int64), np.zeros(n_rows - 1)
    for edge in range(n_rows - 1):
        row = int(np.where(outside, nearest, np.inf).argmin())
        ends[edge], lengths[edge] = (parents[row], row), nearest[row]
        outside[row] = False
        closer = outside & (weights[row] < nearest)
        nearest[closer], parents[closer] = weights[row][closer], row
    return Tree(ends, lengths)


def _region(distances: Doubles, members: Integers, n_features: int) -> _Region:
    """Find the inner rows of a cluster and its sparseness."""
    among = distances[np.ix_(members, members)]
    core = core_distances(among, n_features)
    mutual = np.maximum(among, np.maximum(core[:, None], core))
    tree = spanning_tree(mutual + _TIE_BREAK * among)
    is_inner = np.bincount(tree.ends.ravel(), minlength=len(members)) > 1
    inner_edges = is_inner[tree.ends].all(axis=1)
    sparseness = tree.weights[inner_edges] if inner_edges.any() else tree.weights
    inner = np.flatnonzero(is_inner) if is_inner.any() else np.arange(len(members))
    return _Region(
        members[inner], core[inner], float(sparseness.max()), len(members) / len(distances)
    )


def _validity(distances: Doubles, region: _Region, regions: list[_Region]) -> float:
    """Score one cluster from -1 to 1."""
    separation = min(
        _separation(distances, region, other) for other in regions if other is not region
    )
    widest = max(separation, region.sparseness)
    return (separation - region.sparseness) / widest if widest > 0 else 0.0


def _separation(distances: Doubles, region: _Region, other: _Region) -> float:
    """Compute the shortest mutual reachability distance between two clusters."""
    between = distances[np.ix_(region.rows, other.rows)]
    return float(np.maximum(between, np.maximum(region.core[:, None], other.core)).min())
