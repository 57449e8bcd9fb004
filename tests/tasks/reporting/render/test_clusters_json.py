import json

from tasks.reporting.night_view import NightView
from tasks.reporting.render.clusters_json import clusters_json


def test_a_program_reads_the_clusters_and_where_they_are_from(night: NightView) -> None:
    text = clusters_json(night)
    found = json.loads(text)
    told = ["feed", "night", "counts", "n_clusters", "labels"]
    assert list(found) == [*told, "curation", "watches", "near_duplicates", "clusters"]
    assert found["clusters"] == list(night.clusters)
    assert found["clusters"][0]["size"] == 40
    assert found["counts"]["accepted"] == 1150
    assert found["labels"] == {
        "published": "refined",
        "reason": "it is better",
        "trust": "fair: so",
    }
    assert "\x1b" not in text
