"""Columns that the folders of a file name: lang=en/date=2024-03-01/part-0.parquet has two."""

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import unquote

from tasks.reading.formats.rows import FileLog, Row, as_text, spelled
from tasks.reading.sources.archives import is_archive

_KEY_AND_VALUE: Final = re.compile(r"(?P<key>[^=]+)=(?P<value>.*)", re.DOTALL)
_NULL: Final = "__HIVE_DEFAULT_PARTITION__"
"""How Hive, and all who write as it does, name the folder of the rows without a value."""


def folder_columns(name: str) -> dict[str, str | None]:
    """Return the columns that the folders below the feed name, with the values of one file.

    Parameters
    ----------
    name
        Of the file, relative to the feed.
    """
    folders = [part for part in PurePosixPath(name).parts[:-1] if not is_archive(part)]
    found = [match for folder in folders if (match := _KEY_AND_VALUE.fullmatch(folder))]
    return {
        unquote(it["key"]): None if it["value"] == _NULL else unquote(it["value"]) for it in found
    }


def in_folders(
    rows: Iterator[Row], folders: Mapping[str, str | None], log: FileLog
) -> Iterator[Row]:
    """Add the columns of the folders to rows; a column of the file itself counts more.

    Parameters
    ----------
    rows
        Of one file.
    folders
        As `folder_columns` returns them.
    log
        Told of the first value of the file that is not that of its folder.
    """
    if not folders:
        yield from rows
        return
    disputed = dict(folders)
    for row in rows:
        if row.values is None:
            yield row
            continue
        for name in [it for it in disputed if _differs(row.values, it, disputed[it])]:
            log.warning(
                "has %r as %r in row %d and as %r in the name of its folder; the file's are read",
                *(name, row.values[name], row.number, disputed.pop(name)),
            )
        values = {**row.values, **{it: folders[it] for it in folders if it not in row.values}}
        yield row._replace(values=values, raw=spelled(values))


def _differs(values: Mapping[str, Any], name: str, in_folder: str | None) -> bool:
    # A year is a number in a file, and always a text in the name of a folder.
    return name in values and as_text(values[name]) != in_folder
