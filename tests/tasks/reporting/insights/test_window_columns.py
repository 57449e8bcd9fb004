from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from tasks.preparing.columns.known_columns import KEY, TEXT_OF
from tasks.reporting.insights import window_columns as module
from tasks.reporting.insights.window_columns import ratings_of, read_columns
from tasks.store.history import NightTable
from tasks.store.storage import Store, keep_table, read_table

KeepNight = Callable[..., NightTable]


def test_columns_are_text_over_all_nights(store: Store, keep_night: KeepNight) -> None:
    window = [
        keep_night({"stars": pa.array([5.0, float("nan"), 4.5])}),
        keep_night({"country": pa.array(["se", None]), "stars": pa.array([1.0, None])}, day=2),
    ]
    found = read_columns(store, window)
    assert found.own["stars"].to_pylist() == ["5", None, "4.5", "1", None]
    assert found.own["country"].to_pylist() == [None, None, None, "se", None]
    assert found.doc_ids.to_pylist() == ["1-0", "1-1", "1-2", "2-0", "2-1"]
    assert found.nights.tolist() == [0, 0, 0, 1, 1]
    assert found.sources.to_pylist() == ["a.jsonl"] * 5


def test_what_did_not_fit_stands_beside_and_counts(store: Store, keep_night: KeepNight) -> None:
    night = keep_night({"stars": pa.array([5.0, None]), "stars_text": pa.array([None, "4 stars"])})
    table = read_table(store, night.table)
    fields = [*table.schema]
    fields[-2] = fields[-2].with_metadata({KEY: b"stars"})
    fields[-1] = fields[-1].with_metadata({KEY: b"stars", TEXT_OF: b"stars"})
    marked = keep_table(store, "made", table.cast(pa.schema(fields)))
    found = read_columns(store, [night.model_copy(update={"table": marked})])
    assert list(found.own) == ["stars"]
    ratings, unread = ratings_of(found, ["stars"])
    assert ratings.tolist() == [5.0, 4.0]
    assert unread == []


def test_a_document_has_the_first_rating_that_is_a_number(
    store: Store, keep_night: KeepNight
) -> None:
    own = {"a": ["5", "bad", None, None, "bad"], "b": ["1", "2", "3", None, None]}
    columns = read_columns(store, [keep_night({name: pa.array(it) for name, it in own.items()})])
    ratings, unread = ratings_of(columns, ["a", "b", "no column"])
    np.testing.assert_equal(ratings, [5.0, 2.0, 3.0, np.nan, np.nan])
    assert unread == ["bad", "bad"]


def test_a_rating_may_be_a_field_of_an_object(store: Store, keep_night: KeepNight) -> None:
    cells = ['{"ratingValue": {"of": 4}}', '{"ratingValue": {"of": "2"}}', "no JSON", "5", None]
    columns = read_columns(store, [keep_night({"reviewRating": pa.array(cells)})])
    ratings, _ = ratings_of(columns, ["reviewRating.ratingValue.of"])
    np.testing.assert_equal(ratings, [4.0, 2.0, np.nan, np.nan, np.nan])


def test_of_very_many_columns_the_first_are_read_and_those_of_ratings(
    store: Store,
    keep_night: KeepNight,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(module, "MOST_COLUMNS", 2)
    night = keep_night({name: pa.array([name]) for name in ("a", "b", "c", "review")})
    assert list(read_columns(store, [night], ["review.stars", "gone"]).own) == ["review", "a"]
    assert "4 columns of its own: only the first 2 are broken down" in caplog.text


def test_a_feed_without_own_columns_has_none(store: Store, keep_night: KeepNight) -> None:
    found = read_columns(store, [keep_night({"title": pa.array(["a", "b"])})])
    assert found.own == {}
    assert len(found.doc_ids) == 2
    ratings, _ = ratings_of(found, [])
    assert np.isnan(ratings).all()
