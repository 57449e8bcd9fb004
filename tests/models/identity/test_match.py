from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.identity.clusters import KnownCluster, TonightCluster, member_overlap
from models.identity.match import Match, assign_ids, match_clusters
from models.identity.rules import MatchRules
from tests.models.identity.making import documents, known_cluster, tonight_cluster

# A busy machine must not fail a property.
STEADY = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
N_DOCUMENTS = 40
LABELS = st.lists(st.integers(-1, 5), min_size=N_DOCUMENTS, max_size=N_DOCUMENTS)
# Few values, so that equal centroids and centroids of zeros are common.
CENTROIDS = st.lists(st.tuples(*[st.integers(-1, 1)] * 3), min_size=6, max_size=6)


def partition(labels: Sequence[int]) -> dict[int, frozenset[str]]:
    return {
        label: documents([i for i, own in enumerate(labels) if own == label])
        for label in sorted(set(labels) - {-1})
    }


def tonight_of(labels: Sequence[int], centroids: Sequence[Sequence[float]]) -> list[TonightCluster]:
    return [tonight_cluster(c, docs, centroids[c]) for c, docs in partition(labels).items()]


def known_of(labels: Sequence[int], centroids: Sequence[Sequence[float]]) -> list[KnownCluster]:
    """Clusters of which every third is not there any more."""
    return [
        known_cluster(f"k{c}", docs, centroids[c], absent=int(c % 3 == 2))
        for c, docs in partition(labels).items()
    ]


def pairs(matches: Sequence[Match]) -> dict[int, str]:
    return {match.label: match.cluster_id for match in matches}


@given(before=LABELS, after=LABELS, first=CENTROIDS, second=CENTROIDS)
@STEADY
def test_matches_are_one_to_one(
    before: list[int], after: list[int], first: list[tuple[int]], second: list[tuple[int]]
) -> None:
    tonight, known = tonight_of(after, second), known_of(before, first)
    matches = match_clusters(tonight, known)
    assert len({match.label for match in matches}) == len(matches)
    assert len({match.cluster_id for match in matches}) == len(matches)
    assert {match.label for match in matches} <= {cluster.label for cluster in tonight}
    assert {match.cluster_id for match in matches} <= {cluster.cluster_id for cluster in known}


@given(before=LABELS, after=LABELS, first=CENTROIDS, second=CENTROIDS)
@STEADY
def test_every_match_passes_the_rules(
    before: list[int], after: list[int], first: list[tuple[int]], second: list[tuple[int]]
) -> None:
    tonight, known = tonight_of(after, second), known_of(before, first)
    overlap = member_overlap(tonight, known)
    rows = {cluster.label: i for i, cluster in enumerate(tonight)}
    columns = {cluster.cluster_id: j for j, cluster in enumerate(known)}
    rules = MatchRules()
    for match in match_clusters(tonight, known, rules):
        cell = rows[match.label], columns[match.cluster_id]
        if overlap.shared[cell] < rules.min_shared:
            assert match.overlap is None
            assert match.cosine >= rules.min_cosine
        else:
            assert match.overlap == overlap.jaccard[cell]
            assert match.overlap >= rules.min_jaccard or overlap.of_known[cell] >= 0.5


@given(
    before=LABELS, after=LABELS, first=CENTROIDS, second=CENTROIDS, names=st.permutations(range(6))
)
@STEADY
def test_labels_and_order_of_the_clusters_change_nothing(
    before: list[int],
    after: list[int],
    first: list[tuple[int]],
    second: list[tuple[int]],
    names: list[int],
) -> None:
    tonight, known = tonight_of(after, second), known_of(before, first)
    renamed = [replace(cluster, label=names[cluster.label]) for cluster in reversed(tonight)]
    ids = assign_ids(tonight, match_clusters(tonight, known), "n2", ())
    again = assign_ids(renamed, match_clusters(renamed, known[::-1]), "n2", ())
    assert {names[label]: cluster_id for label, cluster_id in ids.items()} == again


@given(labels=LABELS, centroids=CENTROIDS)
@STEADY
def test_the_same_clustering_keeps_every_id(labels: list[int], centroids: list[tuple[int]]) -> None:
    sizes = np.bincount(np.array(labels) + 1, minlength=7)
    nonzero = [tuple(map(float, c)) if any(c) else (1.0, 0.0, 0.0) for c in centroids]
    known = [replace(cluster, nights_absent=0) for cluster in known_of(labels, nonzero)]
    matches = match_clusters(tonight_of(labels, nonzero), known)
    assert pairs(matches) == {c: f"k{c}" for c in range(6) if sizes[c + 1] > 0}


@given(before=LABELS, after=LABELS, first=CENTROIDS, second=CENTROIDS)
@STEADY
def test_ids_are_unique_and_a_night_that_runs_again_gives_the_same(
    before: list[int], after: list[int], first: list[tuple[int]], second: list[tuple[int]]
) -> None:
    tonight, known = tonight_of(after, second), known_of(before, first)
    taken = {cluster.cluster_id for cluster in known}
    ids, again = (
        assign_ids(tonight, match_clusters(tonight, known), "n2", taken) for _ in range(2)
    )
    assert ids == again
    assert ids.keys() == {cluster.label for cluster in tonight}
    assert len(set(ids.values())) == len(ids)


@given(before=LABELS, after=LABELS)
@STEADY
def test_overlap_counts_as_a_naive_loop_does(before: list[int], after: list[int]) -> None:
    old, new = partition(before), partition(after)
    overlap = member_overlap(
        [tonight_cluster(label, docs) for label, docs in new.items()],
        [known_cluster(str(label), docs) for label, docs in old.items()],
    )
    assert overlap.shared.shape == (len(new), len(old))
    for i, a in enumerate(new.values()):
        for j, b in enumerate(old.values()):
            assert overlap.shared[i, j] == len(a & b)
            assert overlap.jaccard[i, j] == pytest.approx(len(a & b) / len(a | b))
            assert overlap.of_tonight[i, j] == pytest.approx(len(a & b) / len(a))
            assert overlap.of_known[i, j] == pytest.approx(len(a & b) / len(b))
