"""Rows of the clusters and events tables after curation."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, zip_longest
from typing import Any, Final

import numpy as np

from models.core.arrays import centroids_of
from tasks.curating.apply import Moved
from tasks.curating.found import FoundTonight, Row
from tasks.curating.rules import Category, Ignore, Pin, Split
from tasks.reporting.quoted import Quoted
from validation.tables.columns import (
    CATEGORY,
    CLUSTER_ID,
    COHESION,
    EVENT,
    EXEMPLAR_DOC_IDS,
    EXEMPLAR_TEXTS,
    FIRST_SEEN,
    GROWTH,
    IS_IGNORED,
    KEYWORDS,
    KIND,
    NAME,
    SHARE,
    SIZE,
    STABILITY,
    STATUS,
    THEME,
)

_EXEMPLARS: Final = 5
_KEYWORDS: Final = 10
"""Of a cluster, as where it was found."""

_OF_ONE_CLUSTER: Final = ("survived", "grown", "shrunk", "renamed")
"""Events that tell nothing of a cluster that is not shown by itself."""


_BY_SIZE: Final = ("survived", "grown", "shrunk")
"""What was said of the size of the cluster as it was found."""


@dataclass(frozen=True)
class CuratedRows:
    """What the rows after curation are made of.

    Parameters
    ----------
    tonight
        As it was found.
    moved
        Where the texts are now.
    before
        cluster_id → its row on the last night, as it was published.
    """

    tonight: FoundTonight
    moved: Moved
    before: Mapping[str, Row]

    def rows(self) -> list[Row]:
        """Return a row for every cluster, the largest first."""
        headings = {
            cluster: rule.name for rule in self._in_force(Category) for cluster in rule.clusters
        }
        ignored = {rule.cluster for rule in self._in_force(Ignore)}
        rows = [
            self._row(cluster) | {CATEGORY: headings.get(cluster), IS_IGNORED: cluster in ignored}
            for cluster in self._sizes
        ]
        return sorted(self._named(rows), key=lambda row: (-row[SIZE], row[CLUSTER_ID]))

    def events(self) -> list[Row]:
        """Return the events of the night but those of clusters that are part of another now.

        A cluster that a person has named is not renamed.
        """
        pinned = {rule.cluster for rule in self._in_force(Pin)}
        return [
            event
            for event in self.tonight.events
            if not (event[EVENT] in _OF_ONE_CLUSTER and event[CLUSTER_ID] not in self._sizes)
            and not (event[EVENT] == "renamed" and event[CLUSTER_ID] in pinned)
        ]

    def _row(self, cluster: str) -> Row:
        own = self._found_rows.get(cluster)
        if own is not None and self._texts[cluster] == self._found_texts.get(cluster):
            return own
        split = next((it for it in self._in_force(Split) if it.part == cluster), None)
        parts = self._whole_parts(cluster)
        base = own or self._found_rows[self._largest_part(cluster)]
        size, last = self._sizes[cluster], self.before.get(cluster)
        shown = self._exemplars(cluster)
        quoted = Quoted(self.tonight.texts, self.tonight.documents)
        born = self.tonight.night if last is None else last[FIRST_SEEN]
        told = {NAME: last[NAME]} if own is None and last else {}
        if own is None or own[STATUS] in _BY_SIZE:
            told |= {STATUS: "survived" if last else "born"}
        if split:
            terms = [it.strip() for it in split.terms.split(",")]
            told |= {NAME: split.name, KEYWORDS: terms, KIND: THEME}
        elif parts:
            told |= {KEYWORDS: _interleaved([it[KEYWORDS] for it in parts])}
        return base | {
            CLUSTER_ID: cluster,
            SIZE: size,
            SHARE: size / len(self.tonight.documents.doc_ids),
            GROWTH: size - (last[SIZE] if last else 0),
            COHESION: self._cohesion(cluster),
            STABILITY: None,  # it was measured for what was found
            EXEMPLAR_DOC_IDS: quoted.doc_ids(shown),
            EXEMPLAR_TEXTS: quoted.texts_of(shown),
            FIRST_SEEN: min((it[FIRST_SEEN] for it in parts), default=born),
            **told,
        }

    def _named(self, rows: Sequence[Row]) -> Iterator[Row]:
        """Yield the rows with the names that were given; no other cluster has one of these."""
        pinned = {rule.cluster: rule.name for rule in self._in_force(Pin)}
        given = {rule.part: rule.name for rule in self._in_force(Split)} | pinned
        taken = set(given.values())
        for row in rows:
            if row[CLUSTER_ID] in given:
                yield row | {NAME: given[row[CLUSTER_ID]]}
            else:
                name = _free(row[NAME], taken)
                taken.add(name)
                yield row | {NAME: name}

    @cached_property
    def _found_rows(self) -> dict[str, Row]:
        return {row[CLUSTER_ID]: row for row in self.tonight.clusters}

    @cached_property
    def _texts(self) -> dict[str, list[int]]:
        return _places(self.moved.cluster_of)

    @cached_property
    def _found_texts(self) -> dict[str, list[int]]:
        return _places(self.tonight.found)

    @cached_property
    def _sizes(self) -> Counter[str]:
        """Documents of every cluster."""
        return Counter(
            self.moved.cluster_of[item] for item in self.tonight.documents.items.tolist()
        )

    def _in_force(self, kind: type[Any]) -> list[Any]:
        return [rule for rule in self.moved.in_force if isinstance(rule, kind)]

    def _whole_parts(self, cluster: str) -> list[Row]:
        """Return the rows of the clusters that are in this one as a whole, the largest first."""
        inside = Counter(self.tonight.found[place] for place in self._texts[cluster])
        return [
            self._found_rows[it]
            for it, n_inside in sorted(inside.items(), key=lambda it: (-it[1], it[0]))
            if n_inside == len(self._found_texts[it]) or it == cluster
        ]

    def _largest_part(self, cluster: str) -> str:
        inside = Counter(self.tonight.found[place] for place in self._texts[cluster])
        return min(inside, key=lambda it: (-inside[it], it))

    def _cohesion(self, cluster: str) -> float:
        """Compute the mean cosine of a cluster's texts to its centroid."""
        own = self.tonight.X[self._texts[cluster]]
        (centroid,) = centroids_of(own, np.zeros(len(own), np.int64))
        return float(np.mean(own @ centroid))

    def _exemplars(self, cluster: str) -> list[int]:
        """Choose the texts that show a cluster best."""
        from models.text.exemplars import exemplars

        places = self._texts[cluster]
        one = np.zeros(len(places), np.int64)
        (best,) = exemplars(self.tonight.X[places], one, _EXEMPLARS).values()
        return [places[it] for it in best.tolist()]


def _places(cluster_of: Sequence[str]) -> dict[str, list[int]]:
    """Return the texts of every cluster, in order."""
    places: dict[str, list[int]] = {}
    for place, cluster in enumerate(cluster_of):
        places.setdefault(cluster, []).append(place)
    return places


def _interleaved(keywords: Sequence[Sequence[str]]) -> list[str]:
    """Return the best keywords of several clusters, taken in turns."""
    turns = chain.from_iterable(zip_longest(*keywords))
    return list(dict.fromkeys(it for it in turns if it is not None))[:_KEYWORDS]


def _free(name: str, taken: Collection[str]) -> str:
    """Return a name, with a number where a person has given it to another cluster."""
    number, free = 2, name
    while free in taken:
        number, free = number + 1, f"{name} ({number})"
    return free
