from typing import Any

import pytest
from pydantic import ValidationError

from tasks.reading.named_columns import Columns
from tasks.reading.rating_column import RatingColumn


def found(*rows: dict[str, Any], wanted: str | None = None, taken: tuple[str, ...] = ()) -> Any:
    column = RatingColumn(wanted)
    for row in rows:
        column.note(row)
    return column.found(taken)


def test_the_most_usual_name_with_numbers_of_a_scale_is_the_rating() -> None:
    assert found({"score": 4, "Star Rating": "3 stars", "id": 7}) == "Star Rating"
    assert found({"text": "a"}, {"text": "b", "reviewRating": "4.0 out of 5"}) == "reviewRating"
    assert found({"rating": 3}, taken=("rating",)) is None
    assert found({"stars": ""}, {"stars": None}) is None


def test_votes_and_words_are_no_ratings() -> None:
    assert found({"score": 3}, {"score": 210}, {"score": 55}) is None
    assert found({"rating": "good"}, {"rating": "bad"}) is None
    assert found({"rating": "N/A"}, {"rating": "5"}, {"rating": "4"}) == "rating"


def test_what_the_config_says_counts() -> None:
    assert found({"rating": 3}, wanted="points") == "points"
    assert found({"rating": 3}, wanted="") is None


def test_a_column_cannot_be_the_rating_and_something_else() -> None:
    with pytest.raises(ValidationError, match="read as nothing else, got 'stars'"):
        Columns(label="stars", rating="stars")
