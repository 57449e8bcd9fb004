"""Parse the dates of a feed, in any common form.

ISO 8601, RFC 2822, Unix time, and dates whose month is named or whose year stands first. Nothing
else is guessed, so that a date is right or refused: 03/04/2024 may be in March or in April.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from validation.cells.spelled_dates import SPELLED, read_spelled

_UTC_DTYPE: Final = pd.DatetimeTZDtype("us", "UTC")

# The patterns decide, not pandas: its ISO parser also takes "today", "2012/05/18" and "2012-5-8".
_TIME: Final = r"\d{2}(:?\d{2}(:?\d{2}([.,]\d+)?)?)?( ?(Z|[+-]\d{2}(:?\d{2})?))?"
_ISO: Final = rf"(?i)^\d{{4}}(-\d{{2}}(-\d{{2}}([T ]{_TIME})?)?)?$|^\d{{8}}(T{_TIME})?$"
_RFC: Final = (
    r"^([A-Za-z]{3,9},? +)?\d{1,2} +[A-Za-z]{3} +(\d{4}|\d{2}) +\d{1,2}:\d{2}(:\d{2})?"
    r"( +([+-]\d{4}|[A-Za-z]{1,5}))?( *\(.*\))?$"
)
# Fewer digits are years, calendar dates or serial numbers; 9 are seconds since March 1973.
_SECONDS: Final = r"^\d{9,11}(\.\d+)?$"
_MILLISECONDS: Final = r"^\d{12,13}(\.\d+)?$"
# 14 digits may be a calendar date with its time.
_MICROSECONDS: Final = r"^\d{15,16}(\.\d+)?$"

_FIRST: Final = pd.Timestamp("0001-01-01", tz="UTC").as_unit("us")
_LAST: Final = pd.Timestamp("9999-12-31T23:59:59.999999", tz="UTC").as_unit("us")


def parse_timestamps(values: Sequence[str | None] | pd.Series | pa.Array) -> pd.Series:
    """Parse dates of mixed forms and zones into UTC.

    Accepted are ISO 8601 (a date, or a date and a time with or without a zone; basic or extended
    form; cut to microseconds), RFC 2822, ctime, dates whose month is named ("5 March 2024") or
    whose year stands first ("2024/3/5"), and Unix time as digits: 9 to 11 are seconds, 12 or 13
    milliseconds, 15 or 16 microseconds. A time without a zone is UTC.

    Parameters
    ----------
    values
        Strings, shape (n_values,); null or blank where there is no date.

    Returns
    -------
    Series of dtype ``datetime64[us, UTC]`` and length n_values, numbered from 0; null where there
    is no date or where it could not be parsed. All lie in the years 1 to 9999.
    """
    array = pa.array(values, from_pandas=True)
    texts = pc.utf8_trim_whitespace(array.cast(pa.large_string()))
    parsed = pd.Series(pd.NaT, index=range(len(texts)), dtype=_UTC_DTYPE)
    is_left = pc.is_valid(texts)
    for pattern, parse in _PARSERS:
        if not pc.any(is_left).as_py():
            break
        matches = pc.fill_null(pc.match_substring_regex(texts, pattern), False)
        # What has an earlier form and is no date is none in a later form.
        matches = pc.and_(matches, is_left)
        if pc.any(matches).as_py():
            parsed[matches.to_numpy(zero_copy_only=False)] = parse(texts.filter(matches)).array
            is_left = pc.and_(is_left, pc.invert(matches))
    return parsed.where(parsed.between(_FIRST, _LAST))


def _parse_iso(texts: pa.Array) -> pd.Series:
    """Parse ISO 8601 dates."""
    # One value with nanoseconds would turn the whole batch to a unit that ends in the year 2262.
    texts = pc.replace_substring_regex(texts, r"[.,](\d{1,6})\d*", r".\1")
    values: pd.Series = pc.utf8_upper(texts).to_pandas()
    return pd.to_datetime(values, format="ISO8601", utc=True, errors="coerce").astype(_UTC_DTYPE)


def _each(parse: Callable[[str], datetime | None], texts: pa.Array) -> pd.Series:
    """Parse dates one by one, each distinct one once."""
    encoded = texts.dictionary_encode()
    distinct = pd.Series([parse(t) for t in encoded.dictionary.to_pylist()], dtype=_UTC_DTYPE)
    return distinct.take(encoded.indices.to_numpy()).reset_index(drop=True)


def _rfc_date(text: str) -> datetime | None:
    """Parse one RFC 2822 date."""
    try:
        date = parsedate_to_datetime(text)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _unix_time(microseconds: int, texts: pa.Array) -> pd.Series:
    """Parse numbers of a unit of so many microseconds since 1970."""
    # One float for both parts would be off by microseconds from the year 2242 on.
    parts = texts.to_pandas().str.partition(".")
    whole = parts[0].astype("int64") * microseconds
    rest = ("0." + parts[2]).astype("float64") * microseconds
    stamps = whole.to_numpy() + np.rint(rest.to_numpy()).astype(np.int64)
    return pd.Series(stamps.astype("datetime64[us]")).dt.tz_localize("UTC")


_PARSERS: Final[tuple[tuple[str, Callable[[pa.Array], pd.Series]], ...]] = (
    (_ISO, _parse_iso),
    (_RFC, partial(_each, _rfc_date)),
    *((pattern, partial(_each, partial(read_spelled, pattern=pattern))) for pattern in SPELLED),
    (_SECONDS, partial(_unix_time, 1_000_000)),
    (_MILLISECONDS, partial(_unix_time, 1_000)),
    (_MICROSECONDS, partial(_unix_time, 1)),
)
"""Forms of dates and how each is parsed; a text counts for the first form that it has."""
