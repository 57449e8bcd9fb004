from typing import Any

from tasks.curating.apply import Moved, move
from tasks.curating.curate import curated_tables, told
from tasks.curating.found import FoundTonight
from tasks.curating.rules import Curation
from validation.tables.cluster_schemas import ASSIGNMENTS, CLUSTER_EVENTS, CLUSTERS


def moved_by(tonight: FoundTonight, **rules: list[dict[str, Any]]) -> Moved:
    curation = Curation.model_validate(rules)
    return move(curation, tonight.found, tonight.texts, tonight.X, tonight.text_of)


def test_what_was_found_is_kept_beside_what_is_published(tonight: FoundTonight) -> None:
    moved = moved_by(tonight, merge=[{"clusters": ["c-3"], "into": "c-2"}])
    tables = curated_tables(tonight, moved, [])
    assert tables["found_assignments"] == tonight.assigned
    assert tables["assignments"]["cluster_id"].to_pylist() == ["c-1"] * 4 + ["c-2"] * 4
    same = ["doc_id", "confidence", "margin", "is_outlier", "is_new"]
    assert tables["assignments"].select(same) == tonight.assigned.select(same)
    schemas = {"assignments": ASSIGNMENTS, "clusters": CLUSTERS, "cluster_events": CLUSTER_EVENTS}
    assert {name: tables[name].schema for name in schemas} == schemas


def test_topics_follow_the_clusters(tonight: FoundTonight) -> None:
    tables = curated_tables(
        tonight, moved_by(tonight, merge=[{"clusters": ["c-3"], "into": "c-2"}]), []
    )
    assert tables["assignments"]["topic_id"].to_pylist() == ["t-1"] * 8
    tree = [
        (it["node_id"], it["parent_id"], it["size"]) for it in tables["cluster_tree"].to_pylist()
    ]
    assert tree == [("t-1", None, 8), ("c-1", "t-1", 4), ("c-2", "t-1", 4)]


def test_where_no_document_moves_nothing_is_kept_twice(tonight: FoundTonight) -> None:
    tables = curated_tables(tonight, moved_by(tonight, ignore=[{"cluster": "c-1"}]), [])
    assert tables["found_assignments"] == ASSIGNMENTS.empty_table()
    assert tables["assignments"] == tonight.assigned


def test_a_document_that_a_person_has_put_has_no_confidence(tonight: FoundTonight) -> None:
    exclude = [{"doc_id": "d4", "cluster": "c-2"}]
    assigned = curated_tables(tonight, moved_by(tonight, exclude=exclude), [])["assignments"]
    rows = assigned.to_pylist()
    assert (rows[4]["cluster_id"], rows[4]["confidence"], rows[4]["margin"]) == ("c-3", 0, 0)
    assert all(row["confidence"] > 0 for row in rows if row["doc_id"] != "d4")


def test_the_manifest_says_what_holds_what_rests_and_where_clusters_went(
    tonight: FoundTonight,
) -> None:
    split = {"cluster": "c-1", "terms": "login, password", "name": "access"}
    merge = {"clusters": ["c-3"], "into": "c-2"}
    moved = moved_by(tonight, split=[split], merge=[merge], ignore=[{"cluster": "c-8"}])
    facts = told(moved)
    part = facts["splits"][0]["part"]
    assert facts == {
        "in_force": [
            f"what holds login, password in c-1 is “access”, {part}",
            "c-3 belongs to c-2",
        ],
        "resting": ["c-8 is ignored: c-8 is not there tonight"],
        "splits": [{"cluster": "c-1", "terms": "login, password", "part": part}],
        "merged": {"c-3": "c-2"},
    }
