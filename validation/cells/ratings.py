"""Read a rating out of a cell: a number, or one that stars are written around."""

import math
import re
from typing import Any, Final

_RATING: Final = re.compile(
    r"\s*(-?\d+(?:\.\d+)?)\s*(?:stars?|/\s*5|out of 5(?:\s+stars?)?)?\s*", re.IGNORECASE
)
"""`5`, `4.0`, `3 stars`, `4/5`, `4.0 out of 5 stars`. Out of another number than 5 would mix
scales, and a decimal comma may separate thousands: neither is read."""


def parse_rating(value: Any) -> float | None:
    """Return the number that a cell gives; None where it gives none without doubt."""
    if isinstance(value, str):
        found = _RATING.fullmatch(value)
        return float(found[1]) if found else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None
