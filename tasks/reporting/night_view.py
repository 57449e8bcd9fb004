"""A night as its renderers see it: its manifest, and the tables that people look at first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from tasks.clusters.fit import Fit
from tasks.preparing.columns.own_columns import ColumnChange
from tasks.reporting.beside.nearest import read_nearest
from tasks.reporting.beside.past import PastView, read_past
from tasks.reporting.beside.pictures import MOST_ON_MAP, exemplars_of, read_pictures, read_typical
from tasks.reporting.beside.points import Points, read_points
from tasks.reporting.beside.refused import read_refused
from tasks.reporting.published import published_night
from tasks.store.bucket.place import root_of
from tasks.store.manifests import Manifest
from tasks.store.storage import FeedStore, Ref, Store, read_table

Row = dict[str, Any]
Tables = Mapping[str, Sequence[Row]]

INSIGHTS: Final = ("ratings", "breakdown", "emergence")
"""Tables that say what the clusters mean; a night of an older nightfold has none of them."""

_SHOWN: Final = ("clusters", "cluster_events", "cluster_tree")
"""Tables that `view_of` takes the rows of, in this order."""


@dataclass(frozen=True)
class Beside:
    """What a report shows beside tables of the night.

    Parameters
    ----------
    past
        The last nights up to this one, oldest first, this one among them.
    refused
        The broken rules with some of the rows that broke them; see `read_refused`.
    nearest
        Cluster → the nearest others with their cosines.
    points
        Every document on the map; None where there is no map.
    pictures, small_pictures
        Documents that show clusters, and some of those on the map, as data URLs by their ids; none
        where documents are texts.
    typical
        Cluster → the mean of its series and their spread, as a data URL; see `read_typical`.
    """

    past: Sequence[PastView] = ()
    refused: Sequence[Row] = ()
    nearest: Mapping[str, Sequence[tuple[str, float]]] = field(default_factory=dict)
    points: Points | None = None
    pictures: Mapping[str, str] = field(default_factory=dict)
    small_pictures: Mapping[str, str] = field(default_factory=dict)
    typical: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class NightView:
    """What every renderer takes, and nothing besides.

    Parameters
    ----------
    manifest
        Of the night.
    clusters, events
        Rows of the tables `clusters` (the largest first) and `cluster_events`.
    tree
        Rows of the table `cluster_tree`; none for a night of an older nightfold.
    insights
        Rows of the tables of `INSIGHTS`, those that the night has.
    beside
        For the report, which needs more; see `tasks.reporting.beside`.
    """

    manifest: Manifest
    clusters: Sequence[Row]
    events: Sequence[Row]
    tree: Sequence[Row] = ()
    insights: Tables = field(default_factory=dict)
    beside: Beside = Beside()

    @staticmethod
    def open(
        store: Path | str, night: date | str | None = None, feed_name: str | None = None
    ) -> "NightView":
        """Read a published night of a store, in a notebook for instance.

        Parameters
        ----------
        store
            Root of the store.
        night
            A date, or its text as 2026-03-01; the last published night if left out.
        feed_name
            Needed if the store has several feeds.

        Raises
        ------
        NoNightError
            If there is no such night, or several feeds and no name.
        ManifestError, DamagedFileError
            See `read_night`.

        Examples
        --------
        >>> night = NightView.open("my-store")
        >>> night.manifest.night, sum(row["size"] for row in night.clusters)
        ('2026-03-02', 104)
        """
        day = date.fromisoformat(night) if isinstance(night, str) else night
        return read_night(published_night(root_of(store), feed_name, day))

    @property
    def topics(self) -> dict[str, str]:
        """Name of the topic above each cluster; empty where the clusters are the only level."""
        names = {row["node_id"]: row["name"] for row in self.tree}
        under = [row for row in self.tree if row["parent_id"] is not None]
        return {row["node_id"]: names[row["parent_id"]] for row in under}

    @property
    def ratings(self) -> dict[str, Row]:
        """How each cluster is rated, by its id; empty where the feed has no ratings."""
        return {row["cluster_id"]: row for row in self.insights.get("ratings", ())}

    @property
    def has_groups(self) -> bool:
        """Whether documents were clustered within the values of a column."""
        return bool(self.manifest.groups)

    @property
    def has_mentions(self) -> bool:
        """Whether any cluster is mentioned by documents that are in another one."""
        return any((row.get("mentions") or 0) > row["size"] for row in self.clusters)

    def name_of(self, cluster_id: str) -> str:
        """Return the name of a cluster, after that of its group; its id if it has no row."""
        row = next((it for it in self.clusters if it["cluster_id"] == cluster_id), None)
        return cluster_id if row is None else grouped_name(row)

    @property
    def shown(self) -> Sequence[Row]:
        """The clusters that nobody has hidden."""
        return [row for row in self.clusters if not row.get("is_ignored")]

    @property
    def fit(self) -> Fit | None:
        """How the model came about; None for a night of an older nightfold."""
        return None if self.manifest.fit is None else Fit.model_validate(self.manifest.fit)

    @property
    def column_changes(self) -> list[ColumnChange]:
        """Where the feed's own columns hold another kind of value than before."""
        return [ColumnChange.model_validate(it) for it in self.manifest.column_changes]


def grouped_name(row: Row) -> str:
    """Return the name in a row of the table of clusters, after that of its group if it has one."""
    name: str = row["name"]
    return f"{row['group']}: {name}" if row.get("group") else name


def view_of(
    manifest: Manifest,
    clusters: Sequence[Row],
    events: Sequence[Row],
    tree: Sequence[Row] = (),
    insights: Tables | None = None,
) -> NightView:
    """Return the view of a night whose rows are at hand."""
    largest_first = sorted(clusters, key=lambda row: (-row["size"], row["cluster_id"]))
    return NightView(manifest, largest_first, events, tree, insights or {})


def view_with(store: FeedStore, manifest: Manifest, tables: Mapping[str, Ref]) -> NightView:
    """Return the view of a night whose tables are read; see `readable` for errors."""
    clusters, events, tree, *insights = (
        read_table(store, tables[name]).to_pylist() if name in tables else []
        for name in (*_SHOWN, *INSIGHTS)
    )
    shown = dict(zip(INSIGHTS, insights, strict=True))
    return view_of(manifest, clusters, events, tree, shown)


def read_night(store: Store) -> NightView:
    """Read a published night back; see `Store.read_manifest` and `readable` for errors."""
    manifest = store.read_manifest()
    return view_with(store, manifest, manifest.tables)


def read_whole_night(store: Store) -> NightView:
    """Read a published night back with all that its report shows; see `read_night` for errors."""
    night = read_night(store)
    manifest, ids = night.manifest, {row["cluster_id"] for row in night.clusters}
    points = read_points(store, manifest)
    on_map = points.doc_ids[:MOST_ON_MAP] if points else []
    beside = Beside(
        past=read_past(store),
        refused=read_refused(store, manifest.tables["quarantine"]),
        nearest={
            cluster_id: nearest
            for name in manifest.models
            if name.partition("@")[0] == "identity"
            for cluster_id, nearest in read_nearest(store, manifest.model(name), ids).items()
        },
        points=points,
        pictures=read_pictures(store, manifest, exemplars_of(night.clusters)),
        small_pictures=read_pictures(store, manifest, on_map, is_small=True),
        typical=read_typical(store, manifest),
    )
    return replace(night, beside=beside)
