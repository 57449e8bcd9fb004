"""Groups of documents by a column: their names, what is safe in a path, who is kept together."""

import numpy as np
import pytest

from tasks.boundary.naming import is_feed_name
from tasks.groups.values import OTHERS, groups_of, slug_of


def texts(n: int) -> np.ndarray:
    return np.arange(n)


def test_every_value_is_a_group_and_the_order_is_by_name() -> None:
    found = groups_of("app", ["b", "a", "b", "a"], texts(4), smallest=2)
    assert [(it.name, it.rows.tolist()) for it in found] == [("a", [1, 3]), ("b", [0, 2])]


def test_small_values_and_documents_without_one_are_kept_together() -> None:
    found = groups_of("app", ["a", "a", "b", None, ""], texts(5), smallest=2)
    assert [(it.name, it.values, it.rows.tolist()) for it in found] == [
        ("a", 1, [0, 1]),
        (OTHERS, 1, [2, 3, 4]),
    ]


def test_the_size_of_a_group_is_that_of_its_distinct_texts() -> None:
    (only,) = groups_of("app", ["a"] * 4, np.zeros(4, np.int64), smallest=2)
    assert only.name == OTHERS


def test_a_value_that_is_called_like_the_others_is_with_them() -> None:
    (only,) = groups_of("app", [OTHERS] * 2 + [None], texts(3), smallest=2)
    assert (only.name, only.values) == (OTHERS, 0)


@pytest.mark.parametrize("value", ["maps", "../../etc", "地图", "", "a" * 500, "x\x1b[2J\n", "@ /"])
def test_a_slug_is_safe_in_a_path(value: str) -> None:
    assert is_feed_name(slug_of("app", value))


def test_no_two_groups_have_one_slug() -> None:
    pairs = [("app", "a b"), ("app", "a-b"), ("app", "A B"), ("ap", "pa b"), ("lang", "a b")]
    assert len({slug_of(*pair) for pair in pairs}) == len(pairs)
