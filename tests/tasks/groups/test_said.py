"""What is said of all groups together."""

from typing import Any

from models.quality.trust import FIRST_LOOK
from tasks.groups.said import labels_of_all


def label(published: str, trust: str) -> dict[str, Any]:
    return {"published": published, "reason": "r", "trust": trust}


def test_trust_is_counted_by_its_first_word() -> None:
    labels = [label("refined", "high: a"), label("refined", "low: b"), label("refined", "high: c")]
    assert labels_of_all("app", labels) == {
        "published": "refined",
        "reason": "decided in each of 3 groups by app",
        "trust": "by group, high in 2, low in 1",
    }


def test_a_first_look_is_told_of_all_groups_together() -> None:
    labels = [label("refined", f"unknown: a{FIRST_LOOK}"), label("refined", f"low: b{FIRST_LOOK}")]
    said = labels_of_all("app", labels)["trust"]
    assert said == f"by group, low in 1, unknown in 1{FIRST_LOOK}"


def test_labels_of_two_kinds_are_both_named() -> None:
    labels = [label("refined", "high: a"), label("baseline", "high: a")]
    assert labels_of_all("app", labels)["published"] == "refined and baseline"
