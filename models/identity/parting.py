"""New stories that a run has put into a known cluster: they get a cluster of their own.

A run sees its window at once and cannot tell what is new in it. Where tonight's documents in a
known cluster can be told from the ones that were there before, they are another story; and two
stories that were parted once stay apart, even when later runs put them together.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.core.arrays import AnyFloats, Labels
from models.core.lloyd import lloyd
from models.identity.clusters import KnownCluster
from models.identity.rules import DEFAULT_RULES, MatchRules

NEW: Final = -1
"""Origin of a text that is new tonight."""
UNKNOWN: Final = -2
"""Origin of an older text that was in no cluster last night."""


@dataclass(frozen=True, eq=False)
class Cut:
    """One of tonight's clusters, to be cut into the stories that it holds.

    Attributes
    ----------
    whole
        Its label.
    centroids
        Directions of the stories, shape (n_stories, embedding_dim); a text goes to the nearest. The
        first is that of the story which keeps the label.
    parted_from
        For every other story, the id of the known cluster that it was parted from; None if it is a
        known cluster itself.
    """

    whole: int
    centroids: NDArray[np.float64]
    parted_from: tuple[str | None, ...]


class _Story(NamedTuple):
    """Texts of one cluster that belong together, and the position of the known one they are of."""

    X: AnyFloats
    known: int


def find_cuts(
    X: AnyFloats,
    labels: Labels,
    origins: Labels,
    known: Sequence[KnownCluster],
    rules: MatchRules = DEFAULT_RULES,
) -> list[Cut]:
    """Find tonight's clusters that hold several stories.

    Parameters
    ----------
    X
        Embeddings with rows of length 1, shape (n_texts, embedding_dim).
    labels
        Tonight's clusters, shape (n_texts,).
    origins
        Position in ``known`` of the cluster that each text was in last night, or `NEW`, or
        `UNKNOWN`; shape (n_texts,).
    known
        The clusters of earlier nights.
    rules
        ``min_containment``, ``min_newcomers`` and ``min_apart``.

    Returns
    -------
    The cuts by label; none for a cluster of one story.
    """
    sizes = Counter(origins.tolist())
    cuts = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        stories = _known_stories(X[rows], origins[rows], sizes, known, rules)
        if stories:
            cut = _cut(int(label), X[rows], origins[rows], stories, known, rules)
            cuts += [cut] if len(cut.centroids) > 1 else []
    return cuts


def told_apart(one: AnyFloats, other: AnyFloats) -> float:
    """Measure how well two groups of texts can be told apart by their means.

    Parameters
    ----------
    one, other
        Rows of length 1, shape (n, embedding_dim) and (m, embedding_dim).

    Returns
    -------
    The share of rows that lie nearer to the mean of their own group, taken without themselves, than
    to the mean of the other, by cosine; the lower of the two groups' shares. Half for two halves of
    one group, 1 for two that have nothing in common.
    """
    return min(_at_home(one, other), _at_home(other, one))


def directions(groups: Sequence[AnyFloats]) -> NDArray[np.float64]:
    """Compute the direction of the mean of each group of rows, shape (n_groups, embedding_dim)."""
    sums = np.stack([group.sum(axis=0, dtype=np.float64) for group in groups])
    scaled: NDArray[np.float64] = sums / _lengths(sums)[:, None]
    return scaled


def _known_stories(
    X: AnyFloats,
    origins: Labels,
    sizes: Counter[int],
    known: Sequence[KnownCluster],
    rules: MatchRules,
) -> list[_Story]:
    """Find the known clusters that live in one of tonight's: the largest, and its kin."""
    counts = Counter(origins[origins >= 0].tolist())
    lodgers = sorted(
        (
            origin
            for origin, count in counts.items()
            if count >= max(rules.min_newcomers, rules.min_containment * sizes[origin])
        ),
        key=lambda origin: (-counts[origin], known[origin].cluster_id),
    )
    hosts: list[int] = []
    for origin in lodgers:
        if not hosts or any(_are_kin(known[origin], known[host]) for host in hosts):
            hosts.append(origin)
    return [_Story(X[origins == host], host) for host in hosts]


def _are_kin(one: KnownCluster, other: KnownCluster) -> bool:
    return one.parted_from == other.cluster_id or other.parted_from == one.cluster_id


def _cut(
    label: int,
    X: AnyFloats,
    origins: Labels,
    stories: Sequence[_Story],
    known: Sequence[KnownCluster],
    rules: MatchRules,
) -> Cut:
    """Cut one cluster into its known stories, and a new one if that stands apart from them all."""
    is_new = origins == NEW
    groups = _all_new(X, is_new, stories, rules) or _some_new(X, is_new, stories, rules)
    if groups is None:
        groups = _by_nearest(X, stories)
        return Cut(label, directions(groups), tuple(None for _ in stories[1:]))
    centroids = directions(groups)
    parent = stories[int((centroids[:-1] @ centroids[-1]).argmax())].known
    return Cut(label, centroids, (*(None for _ in stories[1:]), known[parent].cluster_id))


def _all_new(
    X: AnyFloats, is_new: NDArray[np.bool_], stories: Sequence[_Story], rules: MatchRules
) -> list[AnyFloats] | None:
    """Take all texts that are new tonight as a story, if they can be told from every other."""
    groups = [*_by_nearest(X[~is_new], stories), X[is_new]]
    if min(map(len, groups)) < rules.min_newcomers:
        return None
    is_apart = all(told_apart(groups[-1], old) >= rules.min_apart for old in groups[:-1])
    return groups if is_apart else None


def _some_new(
    X: AnyFloats, is_new: NDArray[np.bool_], stories: Sequence[_Story], rules: MatchRules
) -> list[AnyFloats] | None:
    """Take some of them, where the known stories go on as well.

    k-means starts from the known stories and tonight's texts and knows nothing of what is new from
    there on. If one side then is nearly all new, and nearly all old texts are on the others, the
    cut between them is one between old and new.
    """
    if np.count_nonzero(is_new) < rules.min_newcomers:
        return None
    starts = directions([*(story.X for story in stories), X[is_new]])
    places = lloyd(X.astype(np.float32), starts.astype(np.float32))
    is_there = places == len(stories)
    groups = [X[places == place] for place in range(len(starts))]
    is_story = (
        min(map(len, groups)) >= rules.min_newcomers
        and is_new[is_there].mean() >= rules.min_apart
        and 1 - is_there[~is_new].mean() >= rules.min_apart
    )
    return groups if is_story else None


def _by_nearest(X: AnyFloats, stories: Sequence[_Story]) -> list[AnyFloats]:
    """Group texts by the story that they lie nearest to."""
    places = (X @ directions([story.X for story in stories]).T).argmax(axis=1)
    return [X[places == place] for place in range(len(stories))]


def _at_home(own: AnyFloats, other: AnyFloats) -> float:
    """Compute the share of rows nearer to the others of their own group than to another group."""
    if len(own) < 2:
        return 0.0
    without_itself = own.sum(axis=0, dtype=np.float64) - own
    to_own = (own * without_itself).sum(axis=1) / _lengths(without_itself)
    return float((to_own > own @ directions([other])[0]).mean())


def _lengths(rows: AnyFloats) -> NDArray[np.float64]:
    """Compute the lengths of rows; never zero, so that one can divide by them."""
    lengths: NDArray[np.float64] = np.linalg.norm(rows, axis=1)
    return np.maximum(lengths, np.finfo(np.float64).tiny)
