"""Find ids, names and examples of tonight's clusters, and what changed since the last night.

Reads  items, decided labels, the window's documents, remarks, the last night's clusters and topics
Writes assignments (ASSIGNMENTS), clusters (CLUSTERS), tree (CLUSTER_TREE), events (CLUSTER_EVENTS),
       identity model
"""

from dataclasses import replace
from typing import Any

from pydantic import Field

from models.core.threads import one_thread
from tasks.clusters.identify import IdentityRules, load_known
from tasks.clusters.refine import Refined
from tasks.clusters.window import documents_in
from tasks.frame.result import StageResult
from tasks.frame.stage import stage
from tasks.reporting.evaluate import Evaluation
from tasks.reporting.portraits import VERSION, OfGroup, Tonight, portray
from tasks.reporting.remarks import RemarksTonight, count_themes, read_remarks
from tasks.reporting.topics import load_topics
from tasks.store.history import PastNight
from tasks.store.storage import Store, keep_model, keep_table, read_table
from tasks.vectors.items import read_window
from tasks.vectors.matrices import read_matrix
from tasks.vectors.views import Views
from validation.tables.columns import CLUSTER_ID, EMBEDDING, TEXT, TOPIC


class Described(StageResult):
    """Tonight's clusters as people know them."""

    n_clusters: int
    """Remarks are none."""
    cluster_ids: dict[int, str]
    """Label of the model, or of k-means where its labels are published → cluster_id."""
    whole_of: dict[str, str] = Field(default_factory=dict)
    """Cluster that the model does not know → the one that it puts their texts in."""

    def facts(self) -> dict[str, Any]:
        """Return how many clusters there are, and what the labels of the model mean."""
        return {
            "n_clusters": self.n_clusters,
            "cluster_ids": self.cluster_ids,
            "whole_of": self.whole_of,
        }


@stage("describe", version=VERSION)
@one_thread()
def describe(  # noqa: PLR0913, PLR0917 - a stage is told by its parameters
    store: Store,
    views: Views,
    refined: Refined,
    evaluation: Evaluation,
    last: PastNight | None,
    rules: IdentityRules,
    group: OfGroup | None = None,
) -> Described:
    """Match tonight's clusters to the known ones, name them, choose documents that show them."""
    from models.core.persistence import save_state

    remarks = read_remarks(store, views.remarks, last)
    tonight = replace(_read(store, views, refined, evaluation, remarks), group=group)
    known = load_known(store, last, frozenset(tonight.documents.doc_ids), views.encoder_digest)
    shown = portray(tonight, known, load_topics(store, last), rules)
    identity = keep_model(store, "identity", lambda folder: save_state(folder, *shown.identity))
    return Described(
        tables={name: keep_table(store, "describe", it) for name, it in shown.tables().items()},
        models={"identity": identity},
        n_clusters=count_themes(row[CLUSTER_ID] for row in shown.clusters),
        **_meaning(refined, evaluation, shown.found.ids),
    )


def _read(
    store: Store,
    views: Views,
    refined: Refined,
    evaluation: Evaluation,
    remarks: RemarksTonight | None,
) -> Tonight:
    """Read what earlier stages kept."""
    window = read_window(store, views.window)
    return Tonight(
        night=str(store.night),
        encoder_digest=views.encoder_digest,
        X=read_matrix(store, views.items, EMBEDDING),
        texts=window.texts[TEXT].to_pylist(),
        documents=documents_in(window.documents, store.night),
        decided=read_table(store, evaluation.labels),
        topics=read_table(store, refined.labels, [TOPIC])[TOPIC].to_numpy(),
        remarks=remarks,
        stability=evaluation.stability,
        # The labels of plain k-means are other ones.
        parted_from=refined.parted_from if evaluation.published == "refined" else {},
        languages=list(evaluation.languages),
        are_texts=views.are_texts,
    )


def _meaning(refined: Refined, evaluation: Evaluation, ids: dict[int, str]) -> dict[str, Any]:
    """Return what the model's labels mean; those of plain k-means are the clusters themselves."""
    if evaluation.published != "refined":
        return {"cluster_ids": ids}
    return {"cluster_ids": _ids_of_pieces(refined, ids), "whole_of": _whole_of(refined, ids)}


def _ids_of_pieces(refined: Refined, ids: dict[int, str]) -> dict[int, str]:
    """Return what the model's labels mean; it may have several for one cluster."""
    return {piece: ids[label] for piece, label in refined.label_of.items() if label in ids}


def _whole_of(refined: Refined, ids: dict[int, str]) -> dict[str, str]:
    """Return, for every cluster that the model does not know, the one it puts their texts in."""
    return {
        ids[part]: ids[whole]
        for part, whole in refined.whole_of.items()
        if part in ids and whole in ids
    }
