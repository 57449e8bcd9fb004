"""The store's disk: whether it can be written to, and what to do if not."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from validation.errors import NightfoldError

_PROBED_BYTES: Final = 1 << 20

_UNWRITABLE: Final = "the store cannot be written to"
_FULL: Final = f"{_UNWRITABLE}: the disk is full", "free room on it"
_TROUBLE: Final = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EROFS: (f"{_UNWRITABLE}: the disk is read-only", "mount it for writing"),
    errno.EFBIG: (
        f"{_UNWRITABLE}: a file would grow beyond what this process may write (ulimit -f)",
        "raise that limit",
    ),
    errno.EMFILE: ("this process may not open any more files (ulimit -n)", "raise that limit"),
    errno.ENFILE: ("this machine cannot open any more files", "stop what keeps many open"),
}
"""Number of an error → what is wrong with the disk or a limit, and what helps."""


class StoreNotWritableError(NightfoldError, OSError):
    """The store's folder cannot be created or written to."""


def require_writable(folder: Path) -> None:
    """Check that a folder can be written to, by a file: permission bits do not tell everywhere.

    Raises
    ------
    StoreNotWritableError
        If that fails, or the largest file in the folder could not grow by a megabyte; the message
        says what to do.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            # What is passed over takes no room, and counts for a limit on the size of a file.
            probe.seek(_largest_size(folder))
            probe.write(bytes(_PROBED_BYTES))
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        raise StoreNotWritableError(_sentence(error, error.filename or folder)) from error


def disk_trouble(error: BaseException, folder: Path | None) -> str | None:
    """Return what is wrong with the disk, if that is what an error comes from.

    Parameters
    ----------
    error
        Of whatever kind: those of the disk may stand behind it.
    folder
        Tried too, for a database that cannot write says so in words of its own; None for none.

    Returns
    -------
    A sentence; None if the disk is not to blame.
    """
    for cause in _causes(error):
        if isinstance(cause, OSError) and cause.errno in _TROUBLE:
            return _sentence(cause, cause.filename2 or cause.filename or folder)
    try:
        if folder is not None:
            require_writable(folder)
    except StoreNotWritableError as found:
        return str(found)
    return None


def _largest_size(folder: Path) -> int:
    sizes = [0]
    for path in folder.iterdir():
        # A database has files that come and go.
        with suppress(FileNotFoundError):
            sizes.append(path.stat().st_size)
    return max(sizes)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _sentence(error: OSError, where: object) -> str:
    wrong, helps = _TROUBLE.get(error.errno or 0, (None, None))
    if wrong is None:
        return (
            f"{_UNWRITABLE}: {error.strerror}: {where}; set another --store or change its"
            " permissions"
        )
    return (
        f"{wrong}: {where}; {helps} and run the same command again: published nights are intact,"
        " and half-written files are ignored"
    )
