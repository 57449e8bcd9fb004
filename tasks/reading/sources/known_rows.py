"""The rows that a night has read at the end of a source that goes on: the next leaves them out."""

import hashlib
from typing import Final

MAX_KNOWN: Final = 10_000
"""Rows that a manifest names; where more share the last value they are read again."""

_DIGEST_CHARS: Final = 16
"""Of a SHA-256: among rows of one value of a cursor, which are few."""


def digest_of(line: str) -> str:
    """Return what a row, as a line of JSON, is known by."""
    return hashlib.sha256(line.encode(errors="surrogatepass")).hexdigest()[:_DIGEST_CHARS]
