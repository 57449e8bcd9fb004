"""Values on one line: cut, with nothing that steers."""

import pytest

from tasks.boundary.excerpts import excerpt


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("", ""),
        ("  two\n words ", "two words"),
        ("exactly 12ch", "exactly 12ch"),
        ("thirteen char", "thirteen ch…"),
        ("\x1b[31m", r"\x1b[31m"),
        ("a" * 10**6, "a" * 11 + "…"),
        (" " * 30 + "late", "…"),
    ],
)
def test_a_value_is_one_short_line(value: str, shown: str) -> None:
    assert excerpt(value, 12) == shown
