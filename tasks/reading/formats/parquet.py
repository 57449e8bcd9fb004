"""Read the rows of a Parquet file; a cell that Python cannot hold spoils its row alone."""

from collections.abc import Iterator
from typing import IO, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.reading.formats.base import Format
from tasks.reading.formats.rows import (
    FileLog,
    Row,
    UnfitFileError,
    broken_row,
    require_columns,
    spelled,
)
from tasks.reading.formats.seekable import seekable
from tasks.reading.formats.settings import FileSettings

_BATCH_ROWS: Final = 1024

_BUFFER_BYTES: Final = 1 << 20
"""Of each column: without a buffer of some size, or with `pre_buffer`, pyarrow holds a whole row
group, or the whole file, which others may have written as one."""


def read_parquet(stream: IO[bytes], _settings: FileSettings, _log: FileLog) -> Iterator[Row]:
    """Stream the rows of a Parquet file, whose texts are UTF-8 always.

    Raises
    ------
    UnfitFileError
        If two columns share a name, one is in an unknown time zone, or there are too many.
    """
    with (
        seekable(stream) as whole,
        pq.ParquetFile(whole, buffer_size=_BUFFER_BYTES, pre_buffer=False) as file,
    ):
        require_columns(file.schema_arrow.names)
        for column in file.schema_arrow:
            _require_readable(column, column.name)
        first = 1
        for batch in file.iter_batches(batch_size=_BATCH_ROWS):
            yield from _rows(batch, first)
            first += len(batch)


def read_types(stream: IO[bytes]) -> dict[str, str]:
    """Return the Arrow type of each column."""
    return {field.name: str(field.type) for field in pq.read_schema(stream)}


def _rows(batch: pa.RecordBatch, first: int) -> Iterator[Row]:
    try:
        found = batch.to_pylist()
    except (ValueError, OverflowError):
        # One cell spoils the conversion of the whole batch, so its rows are read one by one.
        for place in range(len(batch)):
            yield _row_alone(batch.slice(place, 1), first + place)
        return
    for number, values in enumerate(found, start=first):
        yield Row(number, values, spelled(values), line=number)


def _row_alone(batch: pa.RecordBatch, number: int) -> Row:
    values: dict[str, Any] = {}
    rule, problem = None, ""
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        try:
            values[name] = column[0].as_py()
        except (ValueError, OverflowError) as error:
            values[name] = _as_stored(column)
            is_text = isinstance(error, UnicodeError)
            rule = rule or ("text_decodes" if is_text else "row_parses")
            what = "bytes that are no UTF-8" if is_text else f"a value out of range ({error})"
            problem = problem or f"column {name[:80]!r} has {what}"
    if rule is None:
        return Row(number, values, spelled(values), line=number)
    return broken_row(number, spelled(values), rule, problem, number)


def _as_stored(column: pa.Array) -> str:
    """Spell a cell that Python cannot hold, for people to look at."""
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        binary = pa.large_binary() if pa.types.is_large_string(kind) else pa.binary()
        return str(column.view(binary)[0].as_py().decode(errors="backslashreplace"))
    if pa.types.is_timestamp(kind):
        return f"{column.view(pa.int64())[0].as_py()} as {kind}"
    if pa.types.is_date32(kind):
        return f"{column.view(pa.int32())[0].as_py()} as {kind}"
    return f"unreadable {kind}"


def _require_readable(column: pa.Field, name: str) -> None:
    """Refuse a column that no row of could be converted; `name` is that of the whole column."""
    kind = column.type
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        _require_zone(kind.tz, name)
    inner = [kind.field(place) for place in range(kind.num_fields)]
    if pa.types.is_struct(kind) and len({field.name for field in inner}) < len(inner):
        raise UnfitFileError(
            f"has the column {name[:80]!r} with two fields of one name; rename one of them"
        )
    for field in inner:
        _require_readable(field, name)


def _require_zone(zone: str, column: str) -> None:
    try:
        pa.scalar(0, pa.timestamp("s", zone)).as_py()
    except (LookupError, ValueError) as error:
        raise UnfitFileError(
            f"has the column {column[:80]!r} in the time zone {zone[:80]!r}, which is not known"
            " here; write it in UTC"
        ) from error


PARQUET: Final = Format(
    name="parquet",
    endings=(".parquet", ".pq"),
    rows=read_parquet,
    is_text=False,
    names_columns_first=True,
    types=read_types,
)
