from datetime import date

import pyarrow as pa

from tasks.reporting.near_duplicates import Copies, counted, find_copies
from tasks.vectors.items import Window
from validation.tables.cluster_schemas import NEAR_DUPLICATES
from validation.tables.stage_schemas import WINDOW_DOCUMENTS, WINDOW_TEXTS

CAMPAIGN = "this shop never sent me my refund and \x1b nobody answers the phone"
TEXTS = [CAMPAIGN, "good", CAMPAIGN + " again", "one text that nobody else has written"]
PLACES = [0, 1, 1, 2, 3, 0]
NIGHT = date(2026, 3, 1)
WINDOW = Window(
    pa.table(
        {"text_digest": ["aa", "bb", "cc", "dd"], "text": TEXTS, "night": [NIGHT] * 4},
        schema=WINDOW_TEXTS,
    ),
    pa.table(
        {
            "doc_id": [f"d{it}" for it in range(6)],
            "position": PLACES,
            "night": [NIGHT] * 6,
            "label": pa.array([None] * 6, pa.string()),
        },
        schema=WINDOW_DOCUMENTS,
    ),
)
ASSIGNED = pa.table(
    {
        "doc_id": [f"d{it}" for it in range(6)],
        "cluster_id": ["c-1", "c-1", "c-1", "c-1", "c-1", "c-1"],
        "is_new": [False, False, False, True, True, True],
    }
)


def test_documents_with_one_text_word_for_word_or_nearly_are_a_group() -> None:
    found = find_copies(WINDOW, ASSIGNED)
    assert found.schema == NEAR_DUPLICATES
    rows = [(it["doc_id"], it["group_id"], it["first_doc_id"]) for it in found.to_pylist()]
    assert rows == [("d0", "g-aa", "d0"), ("d3", "g-aa", "d0"), ("d5", "g-aa", "d0")]
    similarity = found["similarity"].to_pylist()
    assert similarity[0] == similarity[2] == 1
    assert 0.7 <= similarity[1] < 1


def test_copies_are_counted_over_all_and_cluster_by_cluster() -> None:
    copies = Copies(**counted(find_copies(WINDOW, ASSIGNED), WINDOW))
    assert (copies.n_documents, copies.n_groups) == (3, 1)
    assert copies.of_clusters == {"c-1": 3}
    (largest,) = copies.largest
    assert (largest.cluster_id, largest.n_documents) == ("c-1", 3)
    assert largest.example.startswith("this shop never sent me my refund and \\x1b nobody")
    assert copies.facts()["near_duplicates"].keys() == {
        "n_documents", "n_groups", "of_clusters", "largest",
    }  # fmt: skip


def test_two_copies_of_a_cluster_are_counted_and_not_shown() -> None:
    apart = ASSIGNED.set_column(1, "cluster_id", [["c-1", "c-1", "c-1", "c-2", "c-1", "c-1"]])
    copies = Copies(**counted(find_copies(WINDOW, apart), WINDOW))
    assert (copies.of_clusters, copies.largest) == ({"c-1": 2, "c-2": 1}, [])


def test_a_night_without_copies_counts_none() -> None:
    none = NEAR_DUPLICATES.empty_table()
    assert counted(none, WINDOW) == {
        "n_documents": 0, "n_groups": 0, "of_clusters": {}, "largest": [],
    }  # fmt: skip
