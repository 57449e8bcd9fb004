import numpy as np

from models.identity.clusters import KnownCluster
from models.identity.parting import NEW, UNKNOWN, Cut
from tasks.clusters.memberships import joined, parted, shared_out
from tasks.clusters.reconcile import origins
from tasks.clusters.window import WindowDocuments


def test_memberships_of_joined_pieces_are_added_up() -> None:
    q = np.array([[0.4, 0.3, 0.3], [0.1, 0.8, 0.1]], dtype=np.float32)
    found = joined(q, {0: 0, 1: 1, 2: 1})
    np.testing.assert_allclose(found, [[0.4, 0.6], [0.1, 0.9]])
    assert found.dtype == np.float32


def test_a_label_without_documents_has_no_say() -> None:
    q = np.array([[0.2, 0.5, 0.3]])
    np.testing.assert_allclose(joined(q, {0: 0, 2: 1}), [[0.2, 0.3]])


def test_memberships_of_a_cluster_are_shared_out_among_its_stories() -> None:
    q = np.array([[0.2, 0.8], [0.2, 0.8], [0.9, 0.1]], dtype=np.float32)
    cosines = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.5, 0.5, -1.0]])
    found = parted(q, 1, cosines)
    np.testing.assert_allclose(
        found, [[0.2, 0.8, 0, 0], [0.2, 0, 0, 0.8], [0.9, 0.05, 0.05, 0]], atol=1e-6
    )
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)
    assert found.dtype == np.float32


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


def test_every_cut_has_its_own_column() -> None:
    q = np.array([[0.25, 0.75]])
    cut = Cut(1, np.array([[1.0, 0.0], [0.0, 1.0]]), ("b",))
    found = shared_out(q, np.array([[0.0, 1.0]]), [cut, Cut(0, -cut.centroids, (None,))])
    np.testing.assert_allclose(found, [[0.25, 0, 0.75, 0]], atol=1e-6)
