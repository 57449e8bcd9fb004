"""The parts of an explanation. With real models: tests/flows/cli/looking/test_look.py."""

import numpy as np
import pytest

from tasks.looking.explain import candidate, nearest, passages, runner_up

CLUSTERS = {
    "c-1": {"cluster_id": "c-1", "name": "battery", "keywords": ["battery", "charger"]},
    "c-2": {"cluster_id": "c-2", "name": "router", "keywords": ["router"], "topic_id": "t-1"},
    "remarks": {"cluster_id": "remarks", "name": "remarks", "keywords": []},
}


def test_the_runner_up_is_the_best_other_cluster_that_is_there() -> None:
    q = {"c-1": 0.2, "c-2": 0.3, "c-9": 0.5}
    assert runner_up(q, "c-1", CLUSTERS) == "c-2"
    assert runner_up(q, "c-2", CLUSTERS) == "c-1"
    assert runner_up({}, "remarks", CLUSTERS) is None


def test_shared_terms_are_the_keywords_in_the_text() -> None:
    found = candidate(CLUSTERS["c-1"], "Both batteries died; the battery is bad", {"c-1": 0.71239})
    assert (found.shared_terms, found.membership, found.topic_id) == (["battery"], 0.7124, None)


def test_the_nearest_come_first() -> None:
    X = np.eye(3, dtype=np.float32)
    x = np.array([0.0, 0.8, 0.6], dtype=np.float32)
    assert nearest(x, X) == [(1, pytest.approx(0.8)), (2, pytest.approx(0.6)), (0, 0.0)]


def test_a_passage_is_a_piece_of_the_text_and_without_a_place_all_of_it() -> None:
    rows = [
        {"start": 0, "end": 8, "cluster_id": "c-1", "confidence": 0.5},
        {"start": None, "end": None, "cluster_id": "c-2", "confidence": 0.5},
    ]
    found = passages(rows, "It dies. It is slow.", CLUSTERS)
    assert [(it.text, it.name) for it in found] == [
        ("It dies.", "battery"),
        ("It dies. It is slow.", "router"),
    ]
