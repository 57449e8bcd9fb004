"""Files that are not read from start to end, out of streams that can only be."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Final

import pyarrow as pa

_READ_BYTES: Final = 1 << 20


@contextmanager
def seekable(stream: IO[bytes]) -> Iterator[IO[bytes]]:
    """Open a compressed stream as a temporary file; every other is one already."""
    if not isinstance(stream, pa.CompressedInputStream):
        yield stream
        return
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(stream, copy, _READ_BYTES)
        copy.seek(0)
        yield copy
