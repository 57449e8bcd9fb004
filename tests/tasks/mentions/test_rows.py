"""The rows of mentions: every passage of every document, and how many documents mention a cluster."""

from datetime import date

import numpy as np
import pyarrow as pa

from tasks.mentions.rows import (
    Placed,
    in_whole_texts,
    mention_rows,
    whole_texts_of,
    with_mentions,
)
from tasks.vectors.items import Window
from tasks.vectors.passages import passages_in
from validation.tables.cluster_schemas import ASSIGNMENTS, CLUSTERS, MENTIONED
from validation.tables.stage_schemas import WINDOW_DOCUMENTS, WINDOW_TEXTS

NIGHT = date(2026, 3, 1)
TEXTS = ["Too loud.", "Dinner\nThe food was cold. Nobody came to our table.", "Cheap"]
DOC_IDS = ["a", "b", "c", "d"]
POSITIONS = [1, 0, 1, 2]
"""Two documents share the text of two passages."""


def window() -> Window:
    texts = pa.table([["x", "y", "z"], TEXTS, [NIGHT] * 3], schema=WINDOW_TEXTS)
    columns = [DOC_IDS, POSITIONS, [NIGHT] * 4, [None] * 4]
    return Window(texts, pa.table(columns, schema=WINDOW_DOCUMENTS))


def assigned() -> pa.Table:
    columns = [DOC_IDS, ["c-1", "c-2", "c-1", "c-3"], [0.5, 0.25, 0.5, 0.75], [0.1] * 4]
    return pa.table([*columns, [False] * 4, [True] * 4, [None] * 4, [None] * 4], schema=ASSIGNMENTS)


def placed() -> Placed:
    passages = passages_in(window().texts, "en")
    return Placed(passages, pa.array(["c-1", "c-3"]), np.array([0.9, 0.8], dtype=np.float32))


def rows() -> pa.Table:
    return mention_rows(window(), assigned(), placed())


def test_every_document_has_a_row_for_each_passage() -> None:
    found = rows()
    assert found.schema.equals(MENTIONED)
    said = [(it["doc_id"], it["passage"], it["cluster_id"]) for it in found.to_pylist()]
    two = [("The food was cold.", "c-1"), ("Nobody came to our table.", "c-3")]
    assert said == [
        *(("a", *it) for it in two), ("b", "Too loud.", "c-2"),
        *(("c", *it) for it in two), ("d", "Cheap", "c-3"),
    ]  # fmt: skip
    assert found["confidence"].to_pylist()[2] == 0.25
    assert np.allclose(found["confidence"].to_numpy()[:2], [0.9, 0.8])


def test_a_passage_stands_in_the_text_of_its_document_where_the_row_says() -> None:
    bodies = dict(zip(DOC_IDS, (TEXTS[it].split("\n")[-1] for it in POSITIONS), strict=True))
    for row in rows().to_pylist():
        assert bodies[row["doc_id"]][row["start"] : row["end"]] == row["passage"]


def test_a_passage_of_a_cut_mail_is_found_in_the_whole_text() -> None:
    whole = {"a": "> hello The food was cold. > no! Nobody came to our table.", "c": "all else"}
    found = in_whole_texts(rows(), whole)
    spans = list(zip(*(found[name].to_pylist() for name in ("start", "end")), strict=True))
    assert spans == [(8, 26), (33, 58), (0, 9), (None, None), (None, None), (0, 5)]
    assert in_whole_texts(rows(), {}).equals(rows())


def test_texts_of_one_passage_keep_their_cluster() -> None:
    clusters = ["c-3", "c-2", "c-1"]
    found = whole_texts_of(3, np.array([1, 1]), assigned(), window().documents, clusters)
    assert found.toarray().tolist() == [[0, 0, 1], [1, 0, 0], [0, 0, 0]]
    known_in_part = whole_texts_of(3, np.array([1]), assigned(), window().documents, ["c-3"])
    assert known_in_part.toarray().tolist() == [[0, 0, 1]]


def test_a_cluster_counts_each_document_that_mentions_it_once() -> None:
    clusters = pa.table(
        {
            name: pa.nulls(3, CLUSTERS.field(name).type) if name != "cluster_id" else ["c-1", "c-2", "c-3"]
            for name in CLUSTERS.names
        }
    )  # fmt: skip
    # c-1 has both documents with a passage in it as its own, c-3 has two by passages, one of its own
    found = with_mentions(clusters, assigned(), rows())
    assert found["mentions"].to_pylist() == [2, 1, 3]
    assert found.schema.names == CLUSTERS.names
