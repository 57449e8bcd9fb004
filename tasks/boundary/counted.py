"""Numbers of things in words: one finding, two findings."""


def counted(number: int, thing: str) -> str:
    """Return a number with its thing, in the plural that an s makes."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"
