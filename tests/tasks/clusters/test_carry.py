"""Clusters that stay as they are: what the last night said of every text, in tonight's numbers."""

import pyarrow as pa
import pytest

from tasks.clusters.carry import carried, meaning
from tasks.store.manifests import Manifest

DOCUMENTS = pa.table({"doc_id": ["c", "b", "a"], "position": [1, 0, 2]})


def test_every_text_has_what_the_last_night_said_of_its_document() -> None:
    # One document has left the window, and with it nothing else.
    assigned = pa.table(
        {
            "doc_id": ["gone", "a", "b", "c"],
            "cluster_id": ["c-1", "c-9", "c-1", "c-9"],
            "confidence": [0.1, 0.2, 0.3, 0.4],
            "margin": [0.5, 0.6, 0.7, 0.8],
        }
    )
    labels, ids = carried(DOCUMENTS, assigned, 3)
    assert ids == ["c-1", "c-9"]
    assert labels.schema.field("label").type == pa.int32()
    assert labels.to_pydict() == {
        "label": [0, 1, 1], "topic": [0, 1, 1], "confidence": [0.3, 0.4, 0.2], "margin": [0.7, 0.8, 0.6],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("topic_ids", "topics"),
    [(["t-2", "t-1", "t-2", "t-2"], [1, 1, 0]), ([None] * 4, [1, 0, 2])],
)
def test_clusters_stay_under_their_topics(topic_ids: list[str | None], topics: list[int]) -> None:
    assigned = pa.table(
        {
            "doc_id": ["gone", "a", "b", "c"],
            "cluster_id": ["c-0", "c-3", "c-2", "c-1"],
            "confidence": [0.5] * 4,
            "margin": [0.5] * 4,
            "topic_id": pa.array(topic_ids, pa.string()),
        }
    )
    labels, ids = carried(DOCUMENTS, assigned, 3)
    assert ids == ["c-1", "c-2", "c-3"]
    assert labels["topic"].to_pylist() == topics


def test_the_window_of_themes_knows_no_cluster_of_remarks() -> None:
    assigned = pa.table(
        {
            "doc_id": ["a", "good", "b", "c"],
            "cluster_id": ["c-1", "remarks", "c-1", "c-2"],
            "confidence": [0.5, 1.0, 0.5, 0.5],
            "margin": [0.5, 1.0, 0.5, 0.5],
            "topic_id": pa.array(["t-1", None, "t-1", "t-2"], pa.string()),
        }
    )
    labels, ids = carried(DOCUMENTS, assigned, 3)
    assert ids == ["c-1", "c-2"]
    assert labels["topic"].to_pylist() == [0, 1, 0]


def test_pieces_and_parts_mean_what_they_meant() -> None:
    manifest = Manifest.model_construct(
        cluster_ids={"0": "c-2", "1": "c-1", "2": "c-2"}, whole_of={"c-3": "c-2"}
    )
    assert meaning(manifest, ["c-1", "c-2", "c-3"]) == {
        "label_of": {0: 1, 1: 0, 2: 1},
        "whole_of": {2: 1},
    }


def test_a_night_without_pieces_has_none() -> None:
    manifest = Manifest.model_construct(cluster_ids=None, whole_of={})
    assert meaning(manifest, ["c-1"]) == {"label_of": {}, "whole_of": {}}
