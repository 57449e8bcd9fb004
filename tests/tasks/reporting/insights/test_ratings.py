import logging

import numpy as np
import pytest

from tasks.reporting.insights.ratings import rating_facts, rating_table
from validation.tables.insight_schemas import RATINGS

NAN = np.nan


def test_every_cluster_has_a_row_and_the_change_since_last_night() -> None:
    ratings, labels = np.array([5.0, 3.0, 1.0, NAN]), np.array([0, 0, 1, 2])
    table = rating_table(ratings, labels, ["a", "b", "c"], {"a": 4.5, "gone": 1.0})
    assert table.schema == RATINGS
    rows = table.to_pylist()
    assert [row["mean_rating"] for row in rows] == [4.0, 1.0, None]
    assert [row["change"] for row in rows] == [-0.5, None, None]
    assert [row["impact"] for row in rows] == [-2.0, 1.0, None]


def test_a_feed_without_ratings_has_no_rows_and_no_facts() -> None:
    ratings = np.full(3, NAN)
    assert rating_table(ratings, np.zeros(3, int), ["a"], {}).num_rows == 0
    assert rating_facts([], ratings, []) == {}


def test_ratings_that_are_no_number_are_counted_aloud(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        facts = rating_facts(["stars"], np.array([4.0, NAN]), ["4,5", "x"])
    assert facts == {"rating": {"columns": ["stars"], "n_rated": 1, "n_unread": 2, "mean": 4.0}}
    assert "1 of 2 documents have a rating in 'stars'" in caplog.text
    assert (
        "2 ratings in 'stars' are no number and counted as none, for instance '4,5'" in caplog.text
    )
    assert rating_facts(["stars"], np.array([NAN]), [])["rating"]["mean"] is None
