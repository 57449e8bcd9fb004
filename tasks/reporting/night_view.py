"""A night as its renderers see it: its manifest, and the tables that people look at first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from tasks.clusters.plan_fit import Fit
from tasks.preparing.columns.own_columns import ColumnChange
from tasks.store.manifests import Manifest
from tasks.store.storage import Store, read_table

Row = dict[str, Any]

SHOWN_TABLES: Final = ("clusters", "cluster_events", "cluster_tree")
"""Their rows are what `view_of` takes, in this order."""


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
    """

    manifest: Manifest
    clusters: Sequence[Row]
    events: Sequence[Row]
    tree: Sequence[Row] = ()

    @property
    def topics(self) -> dict[str, str]:
        """Name of the topic above each cluster; empty where the clusters are the only level."""
        names = {row["node_id"]: row["name"] for row in self.tree}
        under = [row for row in self.tree if row["parent_id"] is not None]
        return {row["node_id"]: names[row["parent_id"]] for row in under}

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


def view_of(
    manifest: Manifest, clusters: Sequence[Row], events: Sequence[Row], tree: Sequence[Row] = ()
) -> NightView:
    """Return the view of a night whose rows are at hand."""
    largest_first = sorted(clusters, key=lambda row: (-row["size"], row["cluster_id"]))
    return NightView(manifest, largest_first, events, tree)


def read_night(store: Store) -> NightView:
    """Read a published night back; see `Store.read_manifest` and `readable` for errors."""
    manifest = store.read_manifest()
    clusters, events, tree = (
        read_table(store, manifest.tables[name]).to_pylist() if name in manifest.tables else []
        for name in SHOWN_TABLES
    )
    return view_of(manifest, clusters, events, tree)
