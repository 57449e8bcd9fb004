from typing import Any

import pytest

from tasks.curating.apply import Moved, curated_clusters, move
from tasks.curating.found import FoundTonight
from tasks.curating.rules import Curation

LOGIN = {"cluster": "c-1", "terms": "login, password", "name": "access"}


def moved_by(tonight: FoundTonight, **rules: list[dict[str, Any]]) -> Moved:
    curation = Curation.model_validate(rules)
    return move(curation, tonight.found, tonight.texts, tonight.X, tonight.text_of)


def test_a_split_takes_the_texts_with_its_terms_and_no_others(tonight: FoundTonight) -> None:
    moved = moved_by(tonight, split=[LOGIN])
    part = moved.in_force[0].part  # type: ignore[attr-defined]
    assert moved.cluster_of == [part, part, "c-1", "c-1", "c-2", "c-2", "c-3"]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"cluster": "c-9"}, "c-9 is not there tonight"),
        ({"terms": "refund"}, "no document of it holds one of the terms tonight"),
        ({"terms": "app, login, password"}, "all documents of it hold one of the terms tonight"),
    ],
)
def test_a_split_that_splits_nothing_rests(
    tonight: FoundTonight, changed: dict[str, str], why: str
) -> None:
    moved = moved_by(tonight, split=[LOGIN | changed])
    assert moved.cluster_of == tonight.found
    assert [it[1] for it in moved.resting] == [why]


def test_merged_clusters_have_one_id_even_one_that_is_away(tonight: FoundTonight) -> None:
    moved = moved_by(tonight, merge=[{"clusters": ["c-2", "c-3", "c-8"], "into": "c-9"}])
    assert moved.cluster_of == ["c-1"] * 4 + ["c-9"] * 3
    rests = moved_by(tonight, merge=[{"clusters": ["c-7", "c-8"], "into": "c-1"}])
    assert rests.resting[0][1] == "c-7, c-8 are not there tonight"


def test_an_excluded_document_goes_to_the_next_best_cluster_with_all_of_its_text(
    tonight: FoundTonight,
) -> None:
    moved = moved_by(tonight, exclude=[{"doc_id": "d4", "cluster": "c-2"}])
    assert moved.cluster_of[4] == "c-3"
    assert moved.put == {4}
    both = [{"doc_id": "d4", "cluster": it} for it in ("c-2", "c-3")]
    moved = moved_by(tonight, exclude=both)
    assert moved.cluster_of[4] == "c-1"
    assert [why for _, why in moved.resting] == ["the document is in another one anyway"]


def test_an_excluded_document_does_not_go_to_the_drawer_of_remarks(tonight: FoundTonight) -> None:
    found = ["remarks" if it == "c-3" else it for it in tonight.found]
    rules = Curation.model_validate({"exclude": [{"doc_id": "d4", "cluster": "c-2"}]})
    moved = move(rules, found, tonight.texts, tonight.X, tonight.text_of)
    assert moved.cluster_of[4] == "c-1"


def test_a_cluster_is_not_excluded_away(tonight: FoundTonight) -> None:
    moved = moved_by(tonight, exclude=[{"doc_id": "d7", "cluster": "c-3"}])
    assert moved.cluster_of == tonight.found
    assert "all that the cluster has" in moved.resting[0][1]
    gone = moved_by(tonight, exclude=[{"doc_id": "gone", "cluster": "c-3"}])
    assert gone.resting[0][1] == "the document is not in the window"


def test_a_rule_on_a_cluster_that_is_away_rests_and_the_others_hold(tonight: FoundTonight) -> None:
    moved = moved_by(
        tonight,
        pin=[{"cluster": "c-1", "name": "apps"}, {"cluster": "c-9", "name": "gone"}],
        category=[{"name": "billing", "clusters": ["c-9", "c-3"]}],
    )
    assert [rule.said() for rule in moved.in_force] == [
        "c-1 is called “apps”",
        "c-9, c-3 under “billing”",
    ]
    assert [(rule.said(), why) for rule, why in moved.resting] == [
        ("c-9 is called “gone”", "c-9 is not there tonight")
    ]


def test_new_texts_are_split_and_merged_as_those_of_the_night() -> None:
    facts = {
        "splits": [{"cluster": "c-1", "terms": "login", "part": "c-1-x"}],
        "merged": {"c-1-x": "c-2", "c-3": "c-2"},
    }
    found, texts = ["c-1", "c-1", "c-3", "c-4"], ["login", "slow", "x", "y"]
    assert curated_clusters(facts, found, texts) == ["c-2", "c-1", "c-2", "c-4"]
    assert curated_clusters({}, found, texts) == found
