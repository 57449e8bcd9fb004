"""What a format is to those who read files: how it is told, and what it says of its rows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

from tasks.reading.formats.rows import FileLog, Row
from tasks.reading.formats.settings import FileSettings


@dataclass(frozen=True)
class Format:
    """A format of files.

    Parameters
    ----------
    name
        As messages say it.
    endings
        Of the files' names, in small letters.
    rows
        Stream the rows of a file that is written as the settings say, and say aloud what is
        guessed. `UnfitFileError`, `ValueError` and Arrow's errors say that the file as a whole
        cannot be read.
    is_text
        Whether files have an encoding.
    names_columns_first
        Whether a file names all columns before its first row, so that what is missing is known at
        once.
    types
        Read the Arrow type of each column, where files state them.
    """

    name: str
    endings: tuple[str, ...]
    rows: Callable[[IO[bytes], FileSettings, FileLog], Iterator[Row]]
    is_text: bool = True
    names_columns_first: bool = False
    types: Callable[[IO[bytes]], dict[str, str]] | None = None
