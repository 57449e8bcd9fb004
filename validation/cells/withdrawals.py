"""Read whether a row withdraws its document."""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from validation.cells.timestamps import parse_timestamps

_YES: Final = ("1", "true", "t", "yes", "y")
_NO: Final = ("", "0", "false", "f", "no", "n", "none", "null", "nan", "nat")


def parse_withdrawals(values: pa.Array) -> pa.Array:
    """Parse a column that holds yes, no, or a date.

    Parameters
    ----------
    values
        Strings, shape (n_values,); null where the row has no value.

    Returns
    -------
    Booleans, shape (n_values,): true for a yes or a date, false for a no or nothing, and null for
    anything else.
    """
    if values.null_count == len(values):
        return pa.array([False] * len(values), pa.bool_())
    said = pc.fill_null(pc.utf8_trim_whitespace(values.cast(pa.large_string())), "")
    lower = pc.utf8_lower(said)
    is_no = pc.is_in(lower, pa.array(_NO, pa.large_string()))
    is_yes = pc.is_in(lower, pa.array(_YES, pa.large_string()))
    dates = pc.if_else(pc.or_(is_no, is_yes), None, said)
    is_date = pa.array(parse_timestamps(dates).notna())
    return pc.if_else(is_no, False, pc.if_else(pc.or_(is_yes, is_date), True, None))
