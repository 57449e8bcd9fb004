from datetime import date

import numpy as np
import pyarrow as pa

from tasks.clusters.window import (
    WindowDocuments,
    clusters_of_window,
    documents_in,
    with_all_members,
)

DOCUMENTS = WindowDocuments(
    doc_ids=["a", "b", "c", "d"],
    items=np.array([0, 1, 0, 2]),
    is_new=np.array([False, False, True, True]),
)
X = np.array([[1, 0], [0, 1], [0, 1]], dtype=np.float32)
LABELS = np.array([4, 7, 7], dtype=np.int32)


def test_documents_are_new_on_the_night_that_they_came() -> None:
    table = pa.table(
        {
            "doc_id": ["a", "b"],
            "position": [1, 0],
            "night": [date(2026, 3, 1), date(2026, 3, 2)],
        }
    )
    found = documents_in(table, date(2026, 3, 2))
    assert found.doc_ids == ["a", "b"]
    assert found.items.tolist() == [1, 0]
    assert found.is_new.tolist() == [False, True]


def test_only_documents_of_earlier_nights_are_there_to_be_matched() -> None:
    clusters = {it.label: it for it in clusters_of_window(X, LABELS, DOCUMENTS)}
    assert {label: it.member_ids for label, it in clusters.items()} == {4: {"a"}, 7: {"b"}}
    assert {label: it.size for label, it in clusters.items()} == {4: 2, 7: 2}
    assert clusters[7].centroid.tolist() == [0, 1]


def test_tonights_documents_are_members_for_the_nights_to_come() -> None:
    whole = with_all_members(clusters_of_window(X, LABELS, DOCUMENTS), LABELS, DOCUMENTS)
    assert {it.label: it.member_ids for it in whole} == {4: {"a", "c"}, 7: {"b", "d"}}
    assert [it.size for it in whole] == [2, 2]
