"""The rows that a night refused: how many by each rule, and some of them."""

from typing import Any, Final

from tasks.boundary.excerpts import excerpt
from tasks.store.storage import Ref, Store, read_batches
from validation.tables.columns import FILE, RAW, REASON, ROW, RULE_ID

_EXAMPLES: Final = 3
_RAW_CHARS: Final = 240
"""Three lines."""


def read_refused(store: Store, quarantine: Ref) -> list[dict[str, Any]]:
    """Return the broken rules of a night, the most broken first, with the first rows of each."""
    found: dict[str, dict[str, Any]] = {}
    columns = [RULE_ID, REASON, FILE, ROW, RAW]
    for batch in read_batches(store, quarantine, columns):
        for row in batch.to_pylist():
            rule = found.setdefault(row[RULE_ID], {"rule": row[RULE_ID], "n": 0, "examples": []})
            rule["n"] += 1
            if rule["n"] <= _EXAMPLES:
                rule["examples"].append(_shown(row))
    return sorted(found.values(), key=lambda it: (-it["n"], it["rule"]))


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    said = excerpt(row[REASON], _RAW_CHARS), excerpt(row[RAW], _RAW_CHARS)
    return {
        "file": excerpt(row[FILE], _RAW_CHARS),
        "row": row[ROW],
        "reason": said[0],
        "raw": said[1],
    }
