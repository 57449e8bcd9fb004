"""Texts that show a cluster: the first document of each, and how it begins."""

import numpy as np

from tasks.clusters.window import WindowDocuments
from tasks.reporting.quoted import Quoted

QUOTED = Quoted(
    ["A title\nand its text", "x" * 900, "short"],
    WindowDocuments(["a", "b", "c", "d"], np.array([2, 0, 1, 0]), np.zeros(4, bool)),
)


def test_the_first_document_that_has_a_text_stands_for_it() -> None:
    assert QUOTED.doc_ids([0, 2, 1]) == ["b", "a", "c"]


def test_a_text_is_quoted_by_its_beginning_on_one_line() -> None:
    line, long, short = QUOTED.texts_of([0, 1, 2])
    assert "\n" not in line
    assert line.startswith("A title")
    assert len(long) == 300
    assert short == "short"


def test_a_caption_is_quoted_with_the_document_that_it_is_of() -> None:
    documents = WindowDocuments(["a.png", "b.png"], np.array([1, 0]), np.zeros(2, bool))
    quoted = Quoted(["dark red", "bright"], documents, are_texts=False)
    assert quoted.texts_of([0, 1]) == ["b.png: dark red", "a.png: bright"]
