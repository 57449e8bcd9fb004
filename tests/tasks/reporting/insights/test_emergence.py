from datetime import date

import numpy as np
import pyarrow as pa

from tasks.reporting.insights.emergence import count_by_night, emergence_table
from validation.tables.insight_schemas import EMERGENCE

NIGHTS = [date(2026, 3, day) for day in (1, 2, 3)]


def rows(counts: list[list[int]], tonight: date = NIGHTS[-1]) -> pa.Table:
    nights = NIGHTS[-len(counts[0]) :]
    return emergence_table(np.array(counts), nights, ["a", "b"], tonight)


def test_documents_are_counted_by_tonights_clusters() -> None:
    counts = count_by_night(np.array([0, 1, 1, 1]), np.array([0, 0, 2, 2]), (2, 3))
    assert counts.tolist() == [[1, 0, 0], [1, 0, 2]]


def test_every_cluster_has_a_row() -> None:
    table = rows([[50, 50, 50], [0, 0, 9]])
    assert table.schema == EMERGENCE
    assert [(it["n_new"], it["kind"], it["is_alarm"]) for it in table.to_pylist()] == [
        (50, "steady", False),
        (9, "new_story", True),
    ]


def test_nights_without_documents_say_nothing_of_clusters() -> None:
    assert rows([[50, 0, 50], [0, 0, 0]])["expected"][0].as_py() > 40


def test_the_first_night_and_a_quiet_one_have_no_rows() -> None:
    assert rows([[50], [9]]).num_rows == 0
    assert rows([[0, 0, 50], [0, 0, 9]]).num_rows == 0
    assert rows([[50, 50, 50], [5, 5, 5]], date(2026, 3, 4)).num_rows == 0
    assert rows([[50, 50, 0], [5, 5, 0]]).num_rows == 0
