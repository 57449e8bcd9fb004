"""Values of a feed in lines that people read: inert, on one line, and no longer than a line."""

from typing import Final

from tasks.boundary.inert import inert

_ELLIPSIS: Final = "…"


def excerpt(value: str, max_chars: int) -> str:
    """Return the start of a value with its white space as single spaces and nothing that steers.

    Parameters
    ----------
    value
        From a feed; of a long one no more than is shown is looked at.
    max_chars
        Of the excerpt.
    """
    words = inert(" ".join(value[: 2 * max_chars].split()))
    is_whole = len(words) <= max_chars and len(value) <= 2 * max_chars
    return words if is_whole else words[: max_chars - 1].rstrip() + _ELLIPSIS
