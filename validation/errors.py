"""The base of all errors whose message is a sentence for the person who runs a night."""

from typing import ClassVar, Final

FAILED: Final = 1
"""Exit code of a run that failed."""

BAD_USAGE: Final = 2
"""Exit code of a command that was called in the wrong way, as is usual on command lines."""


class NightfoldError(Exception):
    """An error that explains itself: its message says what was wrong and what to do.

    Anything else, such as a library's `ValueError`, is unexpected: it is shown with its type, and
    its traceback is kept. Subclasses name a built-in error as a second base where callers expect
    one.
    """

    exit_code: ClassVar[int] = FAILED


class SettingError(NightfoldError, ValueError):
    """A setting that does not work on this machine or with these documents."""
