"""Apply to tonight's clusters what a person has decided about them.

Reads  items, the window's texts and documents, clusters and events as they were found, last night's
       clusters as they were published
Writes assignments, clusters and cluster_events as they are published; found_assignments, on which
       tomorrow's identity builds: what is learned never depends on a curation
"""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field

from models.core.threads import one_thread
from tasks.boundary.inert import inert
from tasks.clusters.window import documents_in
from tasks.curating.apply import Moved, move
from tasks.curating.file import TonightsCuration
from tasks.curating.found import FoundTonight, Row
from tasks.curating.rows import CuratedRows
from tasks.curating.rules import Merge, Split
from tasks.frame.stage import stage
from tasks.reporting.describe import Described
from tasks.reporting.remarks import count_themes
from tasks.reporting.topics import tree_rows
from tasks.reporting.whole_window import read_all_embeddings, read_whole_window
from tasks.store.history import PastNight
from tasks.store.storage import Ref, Store, keep_table, read_table
from tasks.vectors.views import Views
from validation.tables.cluster_schemas import ASSIGNMENTS, CLUSTER_EVENTS, CLUSTER_TREE, CLUSTERS
from validation.tables.columns import (
    CLUSTER_ID,
    CONFIDENCE,
    MARGIN,
    NAME,
    NODE_ID,
    TEXT,
    TOPIC_ID,
)

logger = logging.getLogger(__name__)


class Curated(Described):
    """Tonight's clusters as they are published."""

    curation: dict[str, Any] = Field(default_factory=dict)
    """Digest of the file, sentences on the rules in force and on those that rest, and where the
    clusters that were found are now; empty where there is no file."""

    def facts(self) -> dict[str, Any]:
        """Return what the stage before says, and what has become of the rules."""
        return super().facts() | {"curation": self.curation}


@stage("curate", version=2)
@one_thread()
def curate(
    store: Store,
    views: Views,
    described: Described,
    last: PastNight | None,
    curation: TonightsCuration,
    rested: Sequence[str],
) -> Curated:
    """Apply the rules of a curation; without any, clusters are published as they were found.

    Parameters
    ----------
    store, views
        The window.
    described
        The clusters as they were found.
    last
        The night before, whose clusters as they were published tell how theirs have grown.
    curation
        Of tonight.
    rested
        Sentences on the rules that rested on the last night, which are not said again.
    """
    if not curation.rules.rules():
        none = keep_table(store, "curate", ASSIGNMENTS.empty_table())
        return _curated(described, {"found_assignments": none}, {"digest": curation.digest})
    tonight = _read(store, views, described)
    moved = move(curation.rules, tonight.found, tonight.texts, tonight.X, tonight.text_of)
    before = read_table(store, last.clusters).to_pylist() if last else []
    tables = curated_tables(tonight, moved, before)
    refs = {name: keep_table(store, "curate", table) for name, table in tables.items()}
    facts = {"digest": curation.digest, **told(moved)}
    _say(facts, rested)
    return _curated(described, refs, facts, count_themes(moved.cluster_of))


def rested_before(store: Store, last: PastNight | None) -> list[str]:
    """Return the sentences on the rules that rested on the last night."""
    return list(store.read_manifest(last.night).curation.get("resting", [])) if last else []


def _read(store: Store, views: Views, described: Described) -> FoundTonight:
    window = read_whole_window(store, views)
    tables = {name: read_table(store, ref) for name, ref in described.tables.items()}
    documents = documents_in(window.documents, store.night)
    return FoundTonight(
        night=str(store.night),
        X=read_all_embeddings(store, views),
        texts=window.texts[TEXT].to_pylist(),
        documents=documents,
        assigned=tables["assignments"],
        clusters=tables["clusters"].to_pylist(),
        events=tables["cluster_events"].to_pylist(),
        tree=tables["cluster_tree"].to_pylist(),
    )


def curated_tables(
    tonight: FoundTonight, moved: Moved, before: Sequence[Row]
) -> dict[str, pa.Table]:
    """Lay out the tables of the night after curation.

    Parameters
    ----------
    tonight
        As it was found.
    moved
        Where the texts are now.
    before
        Clusters of the last night, as they were published.
    """
    curated = CuratedRows(tonight, moved, {row[CLUSTER_ID]: row for row in before})
    clusters, found, has_moved = curated.rows(), tonight.assigned, moved.cluster_of != tonight.found
    tree = tree_rows(clusters, {row[NODE_ID]: row[NAME] for row in tonight.tree})
    return {
        "assignments": reassigned(tonight, moved, clusters) if has_moved else found,
        "found_assignments": found if has_moved else ASSIGNMENTS.empty_table(),
        "clusters": pa.Table.from_pylist(clusters, schema=CLUSTERS),
        "cluster_tree": pa.Table.from_pylist(tree, schema=CLUSTER_TREE),
        "cluster_events": pa.Table.from_pylist(curated.events(), schema=CLUSTER_EVENTS),
    }


def reassigned(tonight: FoundTonight, moved: Moved, clusters: Sequence[Row]) -> pa.Table:
    """Return the assignments with the clusters where the documents are now.

    A document that a person has put out of its cluster has no confidence and no margin.
    """
    assigned, items = tonight.assigned, tonight.documents.items
    topic_of = {row[CLUSTER_ID]: row[TOPIC_ID] for row in clusters}
    now = [moved.cluster_of[item] for item in items.tolist()]
    is_put = np.isin(items, sorted(moved.put))
    columns: dict[str, pa.Array] = {
        CLUSTER_ID: pa.array(now),
        TOPIC_ID: pa.array([topic_of[cluster] for cluster in now], pa.string()),
        CONFIDENCE: _without(assigned[CONFIDENCE], is_put),
        MARGIN: _without(assigned[MARGIN], is_put),
    }
    for name, column in columns.items():
        place = assigned.column_names.index(name)
        assigned = assigned.set_column(place, assigned.schema.field(name), column)
    return assigned


def _without(column: pa.ChunkedArray, is_put: NDArray[np.bool_]) -> pa.Array:
    """Return a column with zeros where a person has put a document."""
    return pa.array(np.where(is_put, np.float32(0), column.to_numpy()), pa.float32())


def told(moved: Moved) -> dict[str, Any]:
    """Return what the manifest tells of the rules, and where clusters that were found are now."""
    merges = [rule for rule in moved.in_force if isinstance(rule, Merge)]
    splits = [rule for rule in moved.in_force if isinstance(rule, Split)]
    return {
        "in_force": [rule.said() for rule in moved.in_force],
        "resting": [f"{rule.said()}: {why}" for rule, why in moved.resting],
        "splits": [{"cluster": it.cluster, "terms": it.terms, "part": it.part} for it in splits],
        "merged": {cluster: rule.into for rule in merges for cluster in rule.clusters},
    }


def _say(facts: dict[str, Any], rested: Sequence[str]) -> None:
    """Log what has become of the rules; one that goes on resting is not named again."""
    logger.info("%d rules of curation are in force", len(facts["in_force"]))
    for sentence in facts["resting"]:
        if sentence not in rested:
            logger.warning("a rule of curation rests until it applies again: %s", inert(sentence))


def _curated(
    described: Described,
    tables: dict[str, Ref],
    facts: dict[str, Any],
    n_clusters: int | None = None,
) -> Curated:
    return Curated(
        tables=described.tables | tables,
        models=described.models,
        n_clusters=described.n_clusters if n_clusters is None else n_clusters,
        cluster_ids=described.cluster_ids,
        whole_of=described.whole_of,
        curation=facts if facts["digest"] else {},
    )
