from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from pydantic import ValidationError

from tasks.reporting.watches import Watch, count_watched, find_watched, require_own_names
from tasks.vectors.items import Window
from validation.tables.cluster_schemas import WATCHES
from validation.tables.stage_schemas import WINDOW_DOCUMENTS, WINDOW_TEXTS

TEXTS = ["the recall of my blanket", "all good", "a refund,\x1b[2J please " + "x" * 300, "recalls"]
PLACES = [0, 1, 2, 0, 3]
"""Of the texts of five documents; the fourth has the text of the first, the last two are new."""

SAFETY = Watch(text="recall, refund", name="safety")


@pytest.fixture
def window() -> Window:
    nights = [date(2026, 3, 1)] * 3 + [date(2026, 3, 2)] * 2
    texts = {"text_digest": list("abcd"), "text": TEXTS, "night": [nights[it] for it in range(4)]}
    documents: dict[str, Any] = {"doc_id": [f"d{it}" for it in range(5)], "position": PLACES}
    documents |= {"night": nights, "label": [None] * 5}
    return Window(
        pa.table(texts, schema=WINDOW_TEXTS), pa.table(documents, schema=WINDOW_DOCUMENTS)
    )


@pytest.fixture
def assigned() -> pa.Table:
    return pa.table(
        {
            "doc_id": [f"d{it}" for it in range(5)],
            "cluster_id": ["c-1", "c-1", "c-2", "c-1", "c-2"],
            "is_new": [False, False, False, True, True],
        }
    )


def test_every_document_with_a_term_is_found_with_its_cluster(
    window: Window, assigned: pa.Table
) -> None:
    found = find_watched(window, assigned, [SAFETY, Watch(text="nothing")])
    assert found.schema == WATCHES
    rows = [tuple(row.values()) for row in found.to_pylist()]
    assert rows == [
        ("safety", "d0", "c-1", False, "recall"),
        ("safety", "d2", "c-2", False, "refund"),
        ("safety", "d3", "c-1", True, "recall"),
        ("safety", "d4", "c-2", True, "recall"),
    ]


def test_a_watch_is_counted_against_the_last_night_that_had_it(
    window: Window, assigned: pa.Table
) -> None:
    found = find_watched(window, assigned, [SAFETY])
    count = count_watched(SAFETY, found, window, {"recall, refund": 1})
    assert (count.n_documents, count.n_new, count.n_before) == (4, 2, 1)
    assert count.examples == ["recalls", "the recall of my blanket"]
    assert count_watched(SAFETY, found, window, {}).n_before is None


def test_an_example_is_short_and_steers_nothing(window: Window, assigned: pa.Table) -> None:
    refunds = Watch(text="refund")
    (example,) = count_watched(
        refunds, find_watched(window, assigned, [refunds]), window, {}
    ).examples
    assert len(example) == 160
    assert "\x1b" not in example


def test_a_watch_without_a_name_is_called_by_its_text() -> None:
    assert Watch(text="recall").name == "recall"
    assert Watch(text="recall", name="").name == "recall"


def test_what_names_no_word_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"in which ' \+\+' has no letter or digit"):
        Watch(text="recall, ++")
    with pytest.raises(ValueError, match="2 are called 'recall'; set `name`"):
        require_own_names([Watch(text="recall"), Watch(text="refund", name="recall")])
