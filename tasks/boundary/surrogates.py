"""Lone surrogates, halves of a character that JSON can spell and UTF-8 cannot."""


def is_encodable(text: str) -> bool:
    """Return whether a text has no lone surrogate."""
    return text.isascii() or encodable(text) == text


def encodable(text: str) -> str:
    """Escape lone surrogates, which JSON can spell and UTF-8 cannot."""
    # Most texts are plain, and this is asked of every cell.
    return text if text.isascii() else text.encode("utf-8", errors="backslashreplace").decode()
