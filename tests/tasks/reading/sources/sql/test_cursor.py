"""A cursor comes back from JSON as the value that it was."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from tasks.reading.sources.errors import FeedError
from tasks.reading.sources.sql.cells import line_of
from tasks.reading.sources.sql.cursor import Cursor, CursorReader, cursor_of

EAST = timezone(timedelta(hours=5, minutes=45))


@pytest.mark.parametrize(
    "value",
    [
        2**63,
        -1,
        0.1 + 0.2,
        "2026-03-01T00:00:00Z \u2028 ä",
        "",
        Decimal("1.10"),
        date(2026, 3, 1),
        datetime(2026, 3, 1, 23, 59, 59, 999_999),
        datetime(2026, 3, 1, 0, 0, 0, 1, tzinfo=UTC),
        datetime(2026, 3, 1, tzinfo=EAST),
        UUID("0195519c-0000-7000-8000-000000000001"),
    ],
)
def test_a_cursor_comes_back_as_it_was(value: Any) -> None:
    cursor = Cursor(value, frozenset({"b", "a"}))
    back = cursor_of(json.loads(json.dumps(cursor.state())))
    assert back == cursor
    assert type(back.value) is type(value)
    assert str(back.value) == str(value)


@pytest.mark.parametrize("value", [None, b"\x01", float("nan"), [1]])
def test_what_has_no_order_is_refused(value: Any) -> None:
    with pytest.raises(FeedError, match="`since` under"):
        CursorReader("at", Cursor(1, frozenset())).is_new(value, "d")


def test_cells_keep_their_types_where_json_has_them() -> None:
    row = {
        "n": 2**60, "half": Decimal("4.5"), "long": Decimal("0.1234567890123456789"), "whole": Decimal("7.00"), "huge": Decimal("1E+9999"),
        "none": None, "yes": True, "at": datetime(2026, 3, 1, 10, tzinfo=UTC), "day": date(2026, 3, 1),
        "bytes": memoryview(b"caf\xc3\xa9 \xff"), "tags": ["a"], "of": {"a": 1}, "id": UUID(int=1), "for": timedelta(seconds=1),
    }  # fmt: skip
    assert json.loads(line_of(row)) == {
        "n": 2**60, "half": 4.5, "long": "0.1234567890123456789", "whole": 7, "huge": "1E+9999",
        "none": None, "yes": True, "at": "2026-03-01T10:00:00+00:00", "day": "2026-03-01",
        "bytes": "café \\xff", "tags": ["a"], "of": {"a": 1}, "id": str(UUID(int=1)), "for": "0:00:01",
    }  # fmt: skip
