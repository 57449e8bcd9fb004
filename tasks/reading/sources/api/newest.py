"""Where the reading of a JSON API has stopped: the largest value that its records have."""

import json
from datetime import UTC, datetime
from typing import Any, Final

from tasks.boundary.excerpts import excerpt
from tasks.reading.sources.api.answers import MISSING, at
from tasks.reading.sources.errors import FeedError
from tasks.reading.sources.known_rows import MAX_KNOWN, digest_of

_SHOWN_CHARS: Final = 40
"""Of a value in a message."""


class Newest:
    """Follow a value over records in any order.

    Parameters
    ----------
    path
        Of the value in a record; empty where nothing is followed, and all records are new.
    state
        Of the last night, if there was one.
    """

    def __init__(self, path: str, state: dict[str, Any] | None) -> None:
        self._path = path
        self._value: Any = state["value"] if state else None
        self._known = frozenset(state["records"]) if state else frozenset()
        self._records: set[str] = set(self._known)
        self.n_without = 0
        """Records that have no such value; they are read all the same."""

    def is_new(self, record: Any, line: str) -> bool:
        """Follow a record, and return whether the last night has not read it.

        Raises
        ------
        FeedError
            If its value cannot be compared.
        """
        if not self._path:
            return True
        value = at(record, self._path)
        if value is MISSING or value is None:
            self.n_without += 1
            return True
        digest = digest_of(line)
        self._follow(value, digest)
        return digest not in self._known

    def state(self) -> dict[str, Any] | None:
        """Return where the reading has stopped; None where no value ever came."""
        if self._value is None:
            return None
        is_whole = len(self._records) <= MAX_KNOWN
        return {"value": self._value, "records": sorted(self._records) if is_whole else []}

    def _follow(self, value: Any, digest: str) -> None:
        rank = self._rank(value)
        last = rank if self._value is None else self._rank(self._value)
        if rank[0] != last[0]:
            raise self._unfit(value, f"beside {_shown(self._value)}")
        if self._value is None or rank > last:
            self._value, self._records = value, set()
        if rank >= last and len(self._records) <= MAX_KNOWN:
            self._records.add(digest)

    def _rank(self, value: Any) -> tuple[str, Any]:
        """Return a value's kind and place: numbers and times may be texts, each in its order."""
        if isinstance(value, int | float) and not isinstance(value, bool) and value == value:  # noqa: PLR0124 - NaN
            return "number", value
        if not isinstance(value, str):
            raise self._unfit(value, "")
        if value.isascii() and value.isdigit():
            return "number", int(value)
        try:
            time = datetime.fromisoformat(value)
        except ValueError:
            return "text", value
        # Without a zone all of a feed's times are in the same one.
        return "time", time if time.tzinfo else time.replace(tzinfo=UTC)

    def _unfit(self, value: Any, beside: str) -> FeedError:
        return FeedError(
            f"`since` = {self._path!r} under [http] must lead to numbers, texts or times, all of"
            f" one kind, got {' '.join((_shown(value), beside)).strip()}; name another path"
        )


def _shown(value: Any) -> str:
    return excerpt(json.dumps(value), _SHOWN_CHARS)
