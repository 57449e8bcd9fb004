"""What every error has in common whose message is a sentence for the person who runs a night."""

from typing import ClassVar, Final

FAILED: Final = 1
"""Exit code of a run that failed."""

BAD_USAGE: Final = 2
"""Exit code of what was asked for in a way that cannot be done, as command lines have it."""


class NightfoldError(Exception):
    """An error that explains itself: its message says what was wrong and what to do.

    Anything else, a `ValueError` of a library too, is a surprise: it is shown with its type, and
    its traceback is kept. Subclasses name a built-in error as a second base where callers expect
    one.
    """

    exit_code: ClassVar[int] = FAILED


class SettingError(NightfoldError, ValueError):
    """A setting that this machine or these documents cannot serve."""
