"""Standard output and error that never end a run: output that fails does not undo the work.

A night may be published when its report meets a terminal in ASCII, a closed pipe or a full disk.
"""

import errno
import io
import os
import sys
from typing import Final, TextIO

from validation.errors import NightfoldError

_STDOUT: Final = 1
_STDERR: Final = 2


class OutputError(NightfoldError):
    """What was asked for could not be written to standard output."""


class _Forgiving(io.FileIO):
    """A file descriptor that discards everything after its first failed write."""

    failure: OSError | None = None

    def write(self, data: object) -> int:
        try:
            return super().write(data)  # type: ignore[arg-type]
        except OSError as error:
            self.failure = error
            self._lead_nowhere()
            return memoryview(data).nbytes  # type: ignore[arg-type]

    def _lead_nowhere(self) -> None:
        # The descriptor, not only this object: child processes and log handlers share it.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)


def forgive_output() -> None:
    """Replace the standard streams by ones whose writes do not fail.

    Characters that their encoding lacks are escaped.
    """
    sys.stdout = _forgiving(sys.stdout, _STDOUT)
    sys.stderr = _forgiving(sys.stderr, _STDERR)
    if os.environ.get("COLUMNS") is None and not sys.stdout.isatty():
        # Tables in a log or a pipe would be folded at 80 columns.
        os.environ["COLUMNS"] = "140"


def require_shown() -> None:
    """Check that everything written to standard output arrived, unless its pipe was closed.

    For commands that do nothing but show: a reader who has seen enough is no failure.

    Raises
    ------
    OutputError
        With the reason.
    """
    sys.stdout.flush()
    failure = getattr(getattr(sys.stdout.buffer, "raw", None), "failure", None)
    if failure is not None and failure.errno != errno.EPIPE:
        raise OutputError(f"standard output could not be written: {failure.strerror}")


def _forgiving(stream: TextIO | None, descriptor: int) -> TextIO:
    """Return a forgiving stream over a standard one, which a process may lack."""
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8")
    stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(_Forgiving(descriptor, "w", closefd=False)),
        encoding=stream.encoding,
        errors="backslashreplace",
        line_buffering=True,
    )
