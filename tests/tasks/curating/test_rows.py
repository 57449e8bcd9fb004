from typing import Any

import pytest

from tasks.curating.apply import move
from tasks.curating.found import FoundTonight
from tasks.curating.rows import CuratedRows
from tasks.curating.rules import Curation

LAST = {"c-2": {"cluster_id": "c-2", "name": "money", "size": 5, "first_seen": "2026-02-01"}}


def curated(
    tonight: FoundTonight, before: dict[str, Any] | None = None, **rules: list[dict[str, Any]]
) -> CuratedRows:
    curation = Curation.model_validate(rules)
    moved = move(curation, tonight.found, tonight.texts, tonight.X, tonight.text_of)
    return CuratedRows(tonight, moved, before or {})


def test_a_cluster_that_no_rule_touches_stays_as_it_was_found(tonight: FoundTonight) -> None:
    rows = curated(tonight, ignore=[{"cluster": "c-2"}]).rows()
    assert [row["is_ignored"] for row in rows] == [False, True, False]
    assert rows[0] == tonight.clusters[0] | {"is_ignored": False}


def test_a_merged_cluster_has_the_documents_of_all(tonight: FoundTonight) -> None:
    rows = curated(tonight, LAST, merge=[{"clusters": ["c-3"], "into": "c-2"}]).rows()
    merged = next(row for row in rows if row["cluster_id"] == "c-2")
    assert len(rows) == 2
    assert (merged["name"], merged["size"], merged["share"]) == ("refund", 4, 0.5)
    assert (merged["growth"], merged["status"]) == (-1, "survived")
    assert merged["first_seen"] == "2026-03-01"
    assert merged["keywords"] == ["refund", "invoice", "refund word", "invoice word"]
    assert merged["stability"] is None
    assert sorted(merged["exemplar_doc_ids"]) == ["d4", "d5", "d6"]
    assert sorted(merged["exemplar_texts"]) == ["invoice wrong", "refund late", "refund never came"]
    assert merged["cohesion"] == pytest.approx(0.96, abs=0.05)


def test_a_cluster_that_is_away_goes_on_in_those_that_are_merged_into_it(
    tonight: FoundTonight,
) -> None:
    away = {"c-9": LAST["c-2"] | {"cluster_id": "c-9"}}
    rows = curated(tonight, away, merge=[{"clusters": ["c-2"], "into": "c-9"}]).rows()
    merged = next(row for row in rows if row["cluster_id"] == "c-9")
    assert (merged["name"], merged["status"], merged["growth"]) == ("money", "survived", -3)


def test_a_part_is_born_and_its_whole_shrinks(tonight: FoundTonight) -> None:
    split = {"cluster": "c-1", "terms": "login, password", "name": "access"}
    rows = {row["name"]: row for row in curated(tonight, split=[split]).rows()}
    assert rows.keys() == {"access", "app", "refund", "invoice"}
    part = rows["access"]
    assert (part["size"], part["status"], part["first_seen"]) == (2, "born", "2026-03-05")
    assert part["keywords"] == ["login", "password"]
    assert (rows["app"]["size"], rows["app"]["keywords"]) == (2, ["app", "app word"])


def test_no_other_cluster_has_a_name_that_a_person_gave(tonight: FoundTonight) -> None:
    rows = curated(tonight, pin=[{"cluster": "c-1", "name": "refund"}]).rows()
    assert [row["name"] for row in rows] == ["refund", "refund (2)", "invoice"]


def test_clusters_stand_under_their_heading(tonight: FoundTonight) -> None:
    rows = curated(tonight, category=[{"name": "billing", "clusters": ["c-2", "c-3"]}]).rows()
    assert [row["category"] for row in rows] == [None, "billing", "billing"]


def test_events_of_parts_of_another_and_of_pinned_names_are_not_told(tonight: FoundTonight) -> None:
    merge, pin = {"clusters": ["c-3"], "into": "c-2"}, {"cluster": "c-1", "name": "apps"}
    events = curated(tonight, merge=[merge], pin=[pin]).events()
    assert [(it["event"], it["cluster_id"]) for it in events] == [
        ("grown", "c-1"),
        ("split", "c-3"),
    ]
