import numpy as np

from models.identity.parting import Cut
from tasks.clusters.memberships import joined, parted, shared_out


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


def test_every_cut_has_its_own_column() -> None:
    q = np.array([[0.25, 0.75]])
    cut = Cut(1, np.array([[1.0, 0.0], [0.0, 1.0]]), ("b",))
    found = shared_out(q, np.array([[0.0, 1.0]]), [cut, Cut(0, -cut.centroids, (None,))])
    np.testing.assert_allclose(found, [[0.25, 0, 0.75, 0]], atol=1e-6)
