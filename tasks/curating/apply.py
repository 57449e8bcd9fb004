"""Move texts between clusters as the rules of a curation say: pure functions on texts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from models.core.arrays import Floats, centroids_of
from tasks.curating.rules import Category, Curation, Exclude, Merge, OfCluster, Rule, Split
from validation.tables.columns import REMARKS


@dataclass
class Moved:
    """Where texts are as rules are applied, one after the other.

    Parameters
    ----------
    cluster_of
        cluster_id of every text.
    in_force
        Rules that have been applied.
    resting
        Rules that find nothing to do tonight, and why.
    put
        Texts that a person has put out of their cluster: no model has an opinion of where they are.
    """

    cluster_of: list[str]
    in_force: list[Rule] = field(default_factory=list)
    resting: list[tuple[Rule, str]] = field(default_factory=list)
    put: set[int] = field(default_factory=set)

    def settle(self, rule: Rule, why_not: str | None) -> bool:
        """Enter a rule as one that holds, or that rests; return whether it holds."""
        if why_not is None:
            self.in_force.append(rule)
        else:
            self.resting.append((rule, why_not))
        return why_not is None


def move(
    rules: Curation,
    found: Sequence[str],
    texts: Sequence[str],
    X: Floats,
    text_of: Mapping[str, int],
) -> Moved:
    """Apply all rules of a curation.

    Splits come first, for they speak of what was found; then merges, then documents that are not in
    a cluster, and at last what is said of clusters.

    Parameters
    ----------
    rules
        Of the feed.
    found
        cluster_id of every text, as identity has it.
    texts, X
        The window's texts, and their embeddings of length 1.
    text_of
        doc_id → its text.
    """
    moved = Moved(list(found))
    for split in rules.split:
        _split(moved, split, texts)
    for merge in rules.merge:
        _merge(moved, merge)
    _exclude(moved, rules.exclude, X, text_of)
    present = set(moved.cluster_of)
    named: Sequence[OfCluster | Category] = (*rules.pin, *rules.ignore, *rules.category)
    for rule in named:
        is_there = not present.isdisjoint(rule.clusters)
        moved.settle(rule, None if is_there else _absent(*rule.clusters))
    return moved


def curated_clusters(
    facts: Mapping[str, Any], found: Sequence[str], texts: Sequence[str]
) -> list[str]:
    """Return where new texts are after the splits and merges of a night.

    Parameters
    ----------
    facts
        The manifest's part on curation; none where there was no curation.
    found
        cluster_id of every text, as the night's models have it.
    texts
        The texts.
    """
    from models.text.term_search import TermSearch, terms_in

    clusters = list(found)
    for split in facts.get("splits", []):
        search = TermSearch(terms_in(split["terms"]))
        for place, text in enumerate(texts):
            if clusters[place] == split["cluster"] and search.first_in(text):
                clusters[place] = split["part"]
    merged = facts.get("merged", {})
    return [merged.get(cluster, cluster) for cluster in clusters]


def _split(moved: Moved, split: Split, texts: Sequence[str]) -> None:
    """Give the texts of a cluster that hold a term an id of their own."""
    from models.text.term_search import TermSearch, terms_in

    search = TermSearch(terms_in(split.terms))
    own = [place for place, it in enumerate(moved.cluster_of) if it == split.cluster]
    hits = [place for place in own if search.first_in(texts[place])]
    why_not = None
    if not own:
        why_not = _absent(split.cluster)
    elif not hits:
        why_not = "no document of it holds one of the terms tonight"
    elif len(hits) == len(own):
        why_not = "all documents of it hold one of the terms tonight"
    if moved.settle(split, why_not):
        for place in hits:
            moved.cluster_of[place] = split.part


def _merge(moved: Moved, merge: Merge) -> None:
    sources = set(merge.clusters)
    is_there = not sources.isdisjoint(moved.cluster_of)
    if moved.settle(merge, None if is_there else _absent(*merge.clusters)):
        moved.cluster_of = [merge.into if it in sources else it for it in moved.cluster_of]


def _exclude(
    moved: Moved, excludes: Sequence[Exclude], X: Floats, text_of: Mapping[str, int]
) -> None:
    """Put texts that are not in their cluster in the next best: that of the nearest centroid.

    The drawer of short remarks is no cluster to go to.
    """
    if not excludes:
        return
    clusters, labels = np.unique(moved.cluster_of, return_inverse=True)
    centroids, n_left = centroids_of(X, labels), Counter(moved.cluster_of)
    banned: dict[int, set[str]] = {}
    for rule in excludes:
        banned.setdefault(text_of.get(rule.doc_id, -1), set()).add(rule.cluster)
    for rule in excludes:
        place = text_of.get(rule.doc_id, -1)
        others = [
            at for at, it in enumerate(clusters.tolist()) if it not in {*banned[place], REMARKS}
        ]
        why_not = None
        if place < 0:
            why_not = "the document is not in the window"
        elif moved.cluster_of[place] != rule.cluster:
            why_not = "the document is in another one anyway"
        elif not others or n_left[rule.cluster] == 1:
            why_not = "it is all that the cluster has, or there is no other cluster"
        if moved.settle(rule, why_not):
            nearest = others[int(np.argmax(np.round(centroids[others] @ X[place], 6)))]
            moved.cluster_of[place] = str(clusters[nearest])
            moved.put.add(place)
            n_left[rule.cluster] -= 1


def _absent(*clusters: str) -> str:
    is_or_are = "is" if len(clusters) == 1 else "are"
    return f"{', '.join(clusters)} {is_or_are} not there tonight"
