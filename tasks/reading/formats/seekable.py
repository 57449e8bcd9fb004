"""Files that are not read from start to end, out of streams that can only be."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import pyarrow as pa

from tasks.reading.formats.lines import Readable, read_blocks


@contextmanager
def seekable(stream: IO[bytes]) -> Iterator[IO[bytes]]:
    """Open a compressed stream as a temporary file; every other is one already."""
    if not isinstance(stream, pa.CompressedInputStream):
        yield stream
        return
    with spooled(stream) as copy:
        yield copy


@contextmanager
def spooled(stream: Readable) -> Iterator[IO[bytes]]:
    """Open what is left of a stream as a temporary file, from its start."""
    with tempfile.TemporaryFile() as copy:
        for block in read_blocks(stream):
            copy.write(block)
        copy.seek(0)
        yield copy
