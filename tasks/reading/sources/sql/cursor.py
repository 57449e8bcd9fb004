"""Where the reading of a table has stopped: the last value of a column, exact through JSON."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple
from uuid import UUID

from tasks.reading.sources.errors import FeedError
from tasks.reading.sources.known_rows import MAX_KNOWN, digest_of

_KINDS: Final[dict[str, tuple[type, Callable[[Any], Any], Callable[[Any], Any]]]] = {
    "timestamp": (datetime, datetime.isoformat, datetime.fromisoformat),
    "date": (date, date.isoformat, date.fromisoformat),
    "int": (int, int, int),
    "float": (float, float.hex, float.fromhex),
    "decimal": (Decimal, str, Decimal),
    "text": (str, str, str),
    "uuid": (UUID, str, UUID),
}
"""Kind → its type, how it is written, how it is read; a timestamp is a date too, so it is first."""


class Cursor(NamedTuple):
    """The last value that was read, and the rows that had it."""

    value: Any
    rows: frozenset[str]
    """Their digests: rows of the same value may come later, and these are not read twice. Empty
    where there are more than `MAX_KNOWN`."""

    def state(self) -> dict[str, Any]:
        """Return it as JSON."""
        for kind, (of, write, _) in _KINDS.items():
            if isinstance(self.value, of):
                return {"kind": kind, "value": write(self.value), "rows": sorted(self.rows)}
        raise TypeError(f"{self.value!r} is no value of a cursor")


def cursor_of(state: dict[str, Any]) -> Cursor:
    """Return the cursor that a state holds."""
    _, _, read = _KINDS[state["kind"]]
    return Cursor(read(state["value"]), frozenset(state["rows"]))


class CursorReader:
    """Follow a column over rows that are ordered by it.

    Parameters
    ----------
    column
        Its name.
    last
        Where the last night stopped, if there was one.
    """

    def __init__(self, column: str, last: Cursor | None) -> None:
        self._column, self._last = column, last
        self._value: Any = last.value if last else None
        self._rows: set[str] = set(last.rows) if last else set()
        self._n_rows = len(self._rows)

    def is_new(self, value: Any, line: str) -> bool:
        """Go on to a row, and return whether the last night has not read it.

        Raises
        ------
        FeedError
            If its value cannot be compared with those of another night.
        """
        digest = digest_of(line)
        if self._last is not None and digest in self._last.rows:
            return False
        if value != self._value:
            _require_kind(self._column, value)
            self._value, self._rows, self._n_rows = value, set(), 0
        self._n_rows += 1
        if len(self._rows) < MAX_KNOWN:
            self._rows.add(digest)
        return True

    def end(self) -> Cursor | None:
        """Return where the reading has stopped; None where no row ever came."""
        if self._value is None:
            return None
        is_whole = self._n_rows <= MAX_KNOWN
        return Cursor(self._value, frozenset(self._rows) if is_whole else frozenset())


def _require_kind(column: str, value: Any) -> None:
    if not isinstance(value, tuple(of for of, _, _ in _KINDS.values())) or value != value:  # noqa: PLR0124 - NaN
        raise FeedError(
            f"`since` under [sql] must be a column of numbers, texts, dates or times, got"
            f" {type(value).__name__} {value!r:.40} in {column!r}; name another column"
        )
