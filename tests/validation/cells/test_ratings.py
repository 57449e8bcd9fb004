from typing import Any

import pytest

from validation.cells.ratings import parse_rating


@pytest.mark.parametrize(
    ("value", "rating"),
    [
        (4, 4.0), (4.5, 4.5), ("5", 5.0), (" 4.0 ", 4.0), ("-1", -1.0), ("1 star", 1.0), ("4/5", 4.0),
        ("4.0 out of 5 stars", 4.0), ("3 Stars", 3.0),
        ("4,5", None), ("8/10", None), ("good", None), ("", None), (True, None), (None, None),
        (float("nan"), None), ([4], None),
    ],
)  # fmt: skip
def test_a_rating_is_read_where_it_is_one_without_doubt(value: Any, rating: float | None) -> None:
    assert parse_rating(value) == rating
