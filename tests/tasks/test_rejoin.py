import numpy as np

from tasks.rejoin import joined


def test_memberships_of_joined_pieces_are_added_up() -> None:
    q = np.array([[0.4, 0.3, 0.3], [0.1, 0.8, 0.1]], dtype=np.float32)
    found = joined(q, {0: 0, 1: 1, 2: 1})
    np.testing.assert_allclose(found, [[0.4, 0.6], [0.1, 0.9]])
    assert found.dtype == np.float32


def test_a_label_without_documents_has_no_say() -> None:
    q = np.array([[0.2, 0.5, 0.3]])
    np.testing.assert_allclose(joined(q, {0: 0, 2: 1}), [[0.2, 0.3]])
