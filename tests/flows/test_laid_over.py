"""Settings laid over others: what is overridden, what stays, and what counts as not set."""

from typing import Any

import pytest

from flows.laid_over import laid_over

SETTINGS = {"feed": "a.csv", "ingest": {"delimiter": ";", "columns": {"text": "body"}}}


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({}, SETTINGS),
        ({"feed": "b.csv"}, SETTINGS | {"feed": "b.csv"}),
        (
            {"ingest": {"columns": {"title": "subject"}}},
            {
                "feed": "a.csv",
                "ingest": {"delimiter": ";", "columns": {"text": "body", "title": "subject"}},
            },
        ),
        ({"feed": {"now": "a group"}}, SETTINGS | {"feed": {"now": "a group"}}),
        ({"ingest": "now a value"}, SETTINGS | {"ingest": "now a value"}),
        ({"feed": ""}, SETTINGS | {"feed": ""}),
    ],
)
def test_a_group_keeps_what_is_not_overridden(
    own: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert laid_over(SETTINGS, own) == expected
    assert SETTINGS["ingest"] == {"delimiter": ";", "columns": {"text": "body"}}


def test_what_is_not_set_overrides_nothing_at_any_depth() -> None:
    own = {"feed": "", "night": None, "ingest": {"delimiter": None, "quote": "'", "new": {"a": ""}}}
    assert laid_over(SETTINGS, own, not_set=("", None)) == {
        "feed": "a.csv",
        "ingest": {"delimiter": ";", "columns": {"text": "body"}, "quote": "'", "new": {}},
    }
