"""What the items of a feed look like, in sentences for the first configuration file."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.operating.trial import Trial
from tasks.store.storage import read_table
from validation.tables.columns import PROBLEM_RULE

_QUANTILES: Final = {"smallest": 0.0, "half up to": 0.5, "90% up to": 0.9, "largest": 1.0}

_NAMED: Final = 6


class ItemLooks(NamedTuple):
    """What a feed of items looks like.

    Parameters
    ----------
    lines
        Sentences without their end.
    has_columns
        Whether it has columns of its own, to be named.
    """

    lines: list[str]
    has_columns: bool


def measured(trial: Trial, columns: list[str]) -> pa.Table:
    """Read what was measured of the items that could be read."""
    table = read_table(trial.aside, trial.raw.rows, [PROBLEM_RULE, *columns])
    return table.filter(pc.is_null(table[PROBLEM_RULE]))


def spread_of(what: str, values: pa.ChunkedArray) -> Iterator[str]:
    """Yield the smallest, usual and largest of some numbers, as a sentence; nothing of none."""
    found = values.drop_null().to_numpy()
    if len(found):
        quantiles = np.quantile(found, list(_QUANTILES.values()), method="inverted_cdf")
        said = (f"{word} {it:,g}" for word, it in zip(_QUANTILES, quantiles, strict=True))
        yield f"{what}: {', '.join(said)}"


def shares_of(what: str, values: pa.ChunkedArray) -> Iterator[str]:
    """Yield how many items have each of a few values, as a sentence; nothing of none."""
    counted = values.drop_null().value_counts().to_pylist()
    counted.sort(key=lambda it: (-it["counts"], it["values"]))
    if counted:
        said = (f"{it['values']} ({it['counts']:,})" for it in counted[:_NAMED])
        yield f"{what}: {', '.join(said)}{', …' if len(counted) > _NAMED else ''}"
