import pyarrow as pa
import pytest

from validation.cells.withdrawals import parse_withdrawals


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["true", "TRUE", " 1 ", "t", "Yes", "y"], True),
        (["2026-03-01", "2026-03-01T10:00:00Z", "1767225600"], True),
        ([None, "", " ", "false", "False", "0", "no", "N", "none", "null", "NaN", "NaT"], False),
        (["maybe", "2", "0000-00-00", "-1"], None),
    ],
)
def test_a_withdrawal_is_a_yes_or_a_date(values: list[str | None], expected: bool | None) -> None:
    array = pa.array(values, pa.string())
    assert parse_withdrawals(array).to_pylist() == [expected] * len(values)


def test_a_feed_that_says_nothing_withdraws_nothing() -> None:
    assert parse_withdrawals(pa.array([None, None], pa.string())).to_pylist() == [False, False]
    assert parse_withdrawals(pa.array([], pa.string())).to_pylist() == []
