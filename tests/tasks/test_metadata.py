import datetime
import decimal
import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.columns import as_text
from tasks.metadata import column, metadata_fields

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters())
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3), max_leaves=4)
DAY = datetime.date(2026, 3, 1)
MOMENT = datetime.datetime(2026, 3, 1, 4, 5, 6, 789)


def type_of(*values: Any, stated: str | None = None) -> pa.DataType:
    fields = metadata_fields(
        [{"x": value} for value in values], {"x": stated} if stated else {}, set()
    )
    return fields["x"].type


def rebuilt(*values: Any, stated: str | None = None) -> list[Any]:
    found: list[Any] = column(values, type_of(*values, stated=stated)).to_pylist()
    return found


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([True, None], pa.bool_()),
        ([1, None, -(2**63), 2**63 - 1], pa.int64()),
        ([1, 2.5], pa.float64()),
        ([2.5, None], pa.float64()),
        (["a", None], pa.string()),
        ([None], pa.string()),
        ([1, "a"], pa.string()),
        ([1, True], pa.string()),
        ([2**63], pa.string()),
        ([1, 2**63], pa.string()),
        ([-(2**63) - 1], pa.string()),
        ([2**53, -(2**53), 0.5], pa.float64()),
        ([2**53 + 1, 0.5], pa.string()),
        ([-(2**53) - 1, 0.5], pa.string()),
        ([[1, 2]], pa.string()),
        ([{"a": 1}], pa.string()),
    ],
)
def test_types_unify(values: list[Any], kind: pa.DataType) -> None:
    assert type_of(*values) == kind


def test_values_of_one_type_are_left_untouched() -> None:
    for values in ([True, None], [2**60, None, -1], [0.1, None], ["é", "", None]):
        assert rebuilt(*values) == values


def test_mixed_nested_and_huge_values_become_json() -> None:
    assert rebuilt(1, "a", True, None, 2.5) == ["1", "a", "true", None, "2.5"]
    assert rebuilt([1, "é"], {"b": None, "a": [2]}) == ['[1, "é"]', '{"a": [2], "b": null}']
    assert rebuilt(2**70) == ["1180591620717411303424"]
    assert rebuilt(2**53 + 1, 0.5) == ["9007199254740993", "0.5"]


def test_half_a_surrogate_pair_is_escaped_in_names_and_values() -> None:
    fields = metadata_fields([{"a\ud83d": "b\ud83d"}], {}, set())
    assert [field.name for field in fields.values()] == ["a\\ud83d"]
    assert column(["b\ud83d", None], pa.string()).to_pylist() == ["b\\ud83d", None]
    (nested,) = rebuilt(["b\ud83d"])
    assert json.loads(nested) == ["b\ud83d"]


@given(st.lists(VALUES, min_size=1, max_size=6))
@settings(deadline=None)
def test_a_column_can_be_built_of_any_json_values(values: list[Any]) -> None:
    built = column(values, type_of(*values))
    assert len(built) == len(values)
    assert [value is None for value in values] == built.is_null().to_pylist()


def test_reserved_names_get_a_prefix_and_stay_apart() -> None:
    rows = [{"text": 1, "feed_text": 2, "x": 3}, {"night": 4}]
    fields = metadata_fields(rows, {}, {"text", "night"})
    assert {key: field.name for key, field in fields.items()} == {
        "text": "feed_text",
        "feed_text": "feed_feed_text",
        "x": "x",
        "night": "feed_night",
    }


@given(st.sets(st.sampled_from(["a", "feed_a", "feed_a_", "feed_feed_a", "a\ud800", "a\\ud800"])))
@settings(deadline=None)
def test_names_are_distinct(keys: set[str]) -> None:
    fields = metadata_fields([dict.fromkeys(sorted(keys), 1)], {}, {"a", "feed_a"})
    names = [field.name for field in fields.values()]
    assert len(set(names)) == len(keys)
    assert not {"a", "feed_a"} & set(names)


def test_keys_come_in_the_order_in_which_they_were_seen() -> None:
    rows = [{"b": 1}, {"a": 1, "b": 2}, {"c": 1}]
    assert list(metadata_fields(rows, {}, set())) == ["b", "a", "c"]


@pytest.mark.parametrize(
    "array",
    [
        pa.array([True, None]),
        pa.array([5, None], pa.int8()),
        pa.array([2**64 - 1, None], pa.uint64()),
        pa.array([0.1, None], pa.float32()),
        pa.array([float("inf"), None]),
        pa.array(["é", None]),
        pa.array(["é", None], pa.large_string()),
        pa.array([DAY, None]),
        pa.array([DAY, None], pa.date64()),
        pa.array([MOMENT, None]),
        pa.array([1_577_934_245_000_000_001, None], pa.timestamp("ns")),
        pa.array([None, None], pa.timestamp("s")),
    ],
    ids=lambda array: str(array.type),
)
def test_types_that_parquet_states_are_restored(array: pa.Array) -> None:
    values = json.loads(json.dumps(array.to_pylist(), default=as_text))
    kind = type_of(*values, stated=str(array.type))
    assert kind == array.type
    assert column(values, kind).equals(array)


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (pa.array([datetime.time(4, 5)]), "04:05:00"),
        (pa.array([datetime.timedelta(days=1)]), "1 day, 0:00:00"),
        (pa.array([decimal.Decimal("1.50")]), "1.50"),
        (pa.array([MOMENT], pa.timestamp("us", "UTC")), "2026-03-01 04:05:06.000789+00:00"),
        (pa.array([b"caf\xc3\xa9"]), "café"),
        (pa.array([[1, 2]]), "[1, 2]"),
        (pa.array([{"a": 1}]), '{"a": 1}'),
        (pa.array(["a"]).dictionary_encode(), "a"),
    ],
    ids=lambda value: str(getattr(value, "type", "")),
)
def test_types_that_json_cannot_restore_are_kept_as_text(array: pa.Array, text: str) -> None:
    values = json.loads(json.dumps(array.to_pylist(), default=as_text))
    assert rebuilt(*values, stated=str(array.type)) == [text]
