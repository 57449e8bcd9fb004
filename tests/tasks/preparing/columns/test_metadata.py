import datetime
import decimal
import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.preparing.columns.metadata import column, first_type, fits, kind_of
from tasks.reading.formats.rows import as_text

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters())
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3), max_leaves=4)
DAY = datetime.date(2026, 3, 1)
MOMENT = datetime.datetime(2026, 3, 1, 4, 5, 6, 789)


def type_of(*values: Any, stated: str | None = None) -> pa.DataType:
    kinds = {kind for value in values if (kind := kind_of(value))}
    return first_type(kinds, stated)


def rebuilt(*values: Any, stated: str | None = None) -> list[Any]:
    found: list[Any] = column(values, type_of(*values, stated=stated)).to_pylist()
    return found


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([True, None], pa.bool_()),
        ([1, None, 3], pa.float64()),
        ([1, 2.5], pa.float64()),
        ([2.5, None], pa.float64()),
        (["a", None], pa.string()),
        ([None], None),
        ([1, "a"], pa.string()),
        ([1, True], pa.string()),
        ([2**53, -(2**53), 0.5], pa.float64()),
        ([2**53 + 1], pa.string()),
        ([1, -(2**53) - 1], pa.string()),
        ([2**53 + 1, 0.5], pa.string()),
        ([[1, 2]], pa.string()),
        ([{"a": 1}], pa.string()),
    ],
)
def test_the_first_night_decides_the_type(values: list[Any], kind: pa.DataType | None) -> None:
    assert type_of(*values) == kind


def test_values_of_one_type_are_left_untouched() -> None:
    for values in ([True, None], [1, None, -1, 2**53], [0.1, None], ["é", "", None]):
        assert rebuilt(*values) == values


def test_mixed_nested_and_huge_values_become_json() -> None:
    assert rebuilt(1, "a", True, None, 2.5) == ["1", "a", "true", None, "2.5"]
    assert rebuilt([1, "é"], {"b": None, "a": [2]}) == ['[1, "é"]', '{"a": [2], "b": null}']
    assert rebuilt(2**70) == ["1180591620717411303424"]
    assert rebuilt(2**53 + 1, 0.5) == ["9007199254740993", "0.5"]


def test_half_a_surrogate_pair_is_escaped() -> None:
    assert column(["b\ud83d", None], pa.string()).to_pylist() == ["b\\ud83d", None]
    (nested,) = rebuilt(["b\ud83d"])
    assert json.loads(nested) == ["b\ud83d"]


TYPES = [
    pa.bool_(), pa.int8(), pa.int64(), pa.uint64(), pa.float16(), pa.float32(), pa.float64(), pa.string(),
    pa.large_string(), pa.date32(), pa.date64(), pa.timestamp("s"), pa.timestamp("us"), pa.timestamp("ns"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "fitting", "others"),
    [
        (pa.bool_(), [True, False], [1, 0, "true", [True]]),
        (pa.float64(), [1, 2.5, float("nan"), float("inf")], [True, "1", 2**53 + 1, [1.0]]),
        (pa.int64(), [1, 3.0, 2**63 - 1], [3.5, 2**63, True, "1", float("nan"), float("inf"), {}]),
        (pa.int8(), [127, -128], [128, 3.5]),
        (pa.uint64(), [0, 2**64 - 1], [-1, 2**64]),
        (pa.float32(), [0.5, 3, float("nan")], [0.1, 2**24 + 1, 10**400, "0.5"]),
        (pa.string(), ["a", 1, True, [1]], []),
        (pa.date32(), ["2026-03-01"], ["1 March", 20260301, True, "2026-03-01 04:05", ["2026-03-01"]]),
        (pa.timestamp("s"), ["2026-03-01", "2026-03-01 04:05:06"], ["2026-03-01 04:05:06.5", "soon", 5]),
        (pa.timestamp("us"), ["2026-03-01T04:05:06.000789"], ["2026-03-01T04:05:06+02:00", 1.5]),
    ],
    ids=str,
)  # fmt: skip
def test_a_value_fits_where_it_is_held_exactly(
    kind: pa.DataType, fitting: list[Any], others: list[Any]
) -> None:
    assert [fits(value, kind) for value in [*fitting, None]] == [True] * (len(fitting) + 1)
    assert [fits(value, kind) for value in others] == [False] * len(others)
    built = column([*fitting, *others], kind)
    assert built.type == kind
    assert built.is_null().to_pylist() == [False] * len(fitting) + [True] * len(others)


@given(st.lists(VALUES, max_size=6), st.sampled_from(TYPES))
@example([2**24 + 2], pa.float32())
@settings(deadline=None)
def test_a_column_of_any_type_takes_any_values(values: list[Any], kind: pa.DataType) -> None:
    built = column(values, kind)
    assert built.type == kind
    assert built.is_null().to_pylist() == [
        value is None or not fits(value, kind) for value in values
    ]


@given(st.lists(VALUES, min_size=1, max_size=6))
@settings(deadline=None)
def test_the_first_night_loses_nothing(values: list[Any]) -> None:
    kind = type_of(*values)
    if kind is None:
        assert set(values) == {None}
        return
    assert all(fits(value, kind) for value in values)
    built = column(values, kind)
    assert len(built) == len(values)
    assert [value is None for value in values] == built.is_null().to_pylist()


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
