import numpy as np
import pyarrow as pa

from models.identity.clusters import KnownCluster
from models.identity.parting import NEW, UNKNOWN
from tasks.clusters.identify import IdentityRules
from tasks.clusters.reconcile import origins, reconcile
from tasks.clusters.window import WindowDocuments


def known(cluster_id: str, members: set[str], absent: int = 0) -> KnownCluster:
    return KnownCluster(
        cluster_id, None, None, frozenset(members), cluster_id, "n1", "n1", 9, absent
    )


def test_a_text_is_of_the_cluster_in_which_one_of_its_documents_was() -> None:
    documents = WindowDocuments(
        doc_ids=["old", "new", "new twin of old", "late", "gone", "twin of late", "twin of old"],
        items=np.array([0, 1, 0, 2, 3, 2, 0]),
        is_new=np.array([False, True, True, False, False, False, False]),
    )
    clusters = [
        known("a", {"old", "twin of late"}),
        known("b", {"gone"}, absent=1),
        known("c", {"twin of old"}),
    ]
    assert origins(documents, clusters, 4).tolist() == [0, NEW, 0, UNKNOWN]


def test_pieces_of_one_cluster_are_put_together_and_new_labels_follow_their_sizes() -> None:
    """Twelve documents of one known cluster, cut in two tonight; eight of another stay whole."""
    members = [f"d{n}" for n in range(20)]
    topics = np.array([0] * 12 + [1] * 8)
    X = np.eye(2, dtype=np.float32)[topics]
    pieces = np.array([0] * 6 + [1] * 6 + [2] * 8, dtype=np.int32)
    q = np.eye(3, dtype=np.float32)[pieces]
    labels = pa.table({"label": pieces, "confidence": q.max(axis=1), "margin": q.max(axis=1)})
    documents = WindowDocuments(members, np.arange(20), np.zeros(20, dtype=bool))
    centroids = np.eye(2, dtype=np.float32)
    clusters = [
        KnownCluster("a", centroids[0], None, frozenset(members[:12]), "a", "n1", "n1", 12),
        KnownCluster("b", centroids[1], None, frozenset(members[12:]), "b", "n1", "n1", 8),
    ]
    found = reconcile(X, labels, q, documents, clusters, IdentityRules())
    assert found is not None
    assert len(set(found.labels["label"].to_pylist()[:12])) == 1
    assert found.n_clusters == 2
    assert found.label_of[0] == found.label_of[1] != found.label_of[2]
    assert (found.whole_of, found.parted_from) == ({}, {})
    whole = labels.set_column(0, "label", pa.array(topics.astype(np.int32)))
    assert reconcile(X, whole, np.eye(2)[topics], documents, clusters, IdentityRules()) is None
