"""Look at the series of a feed: what is measured of each, what it is as it is kept.

Reads  raw rows, which hold times and values
Writes raw rows (RAW_ITEMS and what is measured): the text is what is measured, in words
       contents (CONTENTS): every series once, as it was prepared
"""

import json
import logging
from functools import partial
from typing import Any, Final

import pyarrow as pa

from tasks.frame.stage import stage
from tasks.items.looked import LookedAt, LookedRow, Looking, look_at_rows
from tasks.reading.raw_feed import RawFeed
from tasks.series.prepare import Looked, UnfitSeriesError, as_npy, digest_of, look_at, prepared
from tasks.series.rows import SERIES
from tasks.series.settings import SeriesSettings
from tasks.store.storage import Store
from validation.items.series_rules import (
    GAP,
    MEASURED,
    MISSING,
    N_BACK,
    N_CHANNELS,
    N_LEVELS,
    N_STEPS,
    SeriesLimits,
)
from validation.tables.columns import (
    PROBLEM,
    PROBLEM_RULE,
    RAW,
    TEXT,
    TEXT_DIGEST,
)
from validation.tables.stage_schemas import RAW_ITEMS

logger = logging.getLogger(__name__)

NPY: Final = "application/x-npy"
RAW_SERIES: Final = pa.schema([*RAW_ITEMS, *MEASURED])

_TOLD: Final = (N_STEPS, N_CHANNELS)
"""Of what is measured, columns of the documents: feeds have too many numbers by themselves."""

Record = dict[str, Any]


@stage("look at series", version=1)
def look_at_series(store: Store, raw: RawFeed, settings: SeriesSettings) -> LookedAt:
    """Measure and prepare every series; one that cannot be read is a row with a problem."""
    return looked_at(store, raw, settings)


def looked_at(store: Store, raw: RawFeed, settings: SeriesSettings) -> LookedAt:
    """Measure and prepare every series of a feed; see `look_at_series`."""
    look = partial(looked_row, settings=settings)
    return look_at_rows(store, raw, Looking(look, RAW_SERIES, NPY, "series"))


def limits_of(settings: SeriesSettings) -> SeriesLimits:
    """Return what series are held against."""
    return SeriesLimits(**settings.model_dump(include=set(SeriesLimits.model_fields)))


def looked_row(row: Record, settings: SeriesSettings) -> LookedRow:
    """Look at the series of a row.

    Parameters
    ----------
    row
        Of the table `RAW_ROWS`; its text is times and values as JSON, or `!rule!problem`.
    settings
        See `SeriesSettings`.

    Returns
    -------
    The row with the columns of `RAW_SERIES`, and the series as it is kept; None where there is
    none, or its time goes back.
    """
    blank = row | dict.fromkeys([TEXT_DIGEST, *(it.name for it in MEASURED)])
    if row[PROBLEM_RULE] is not None or row[TEXT] is None:
        return blank, None
    if row[TEXT].startswith("!"):
        _, rule, problem = row[TEXT].split("!", maxsplit=2)
        return _broken(blank, rule, problem), None
    try:
        looked = look_at(row[TEXT])
    except UnfitSeriesError as error:
        return _broken(blank, error.rule, str(error)), None
    return _measured(blank, looked, settings)


def _measured(row: Record, looked: Looked, settings: SeriesSettings) -> LookedRow:
    """Return a row with what is known of its series."""
    from models.series.caption import caption

    n_steps, n_channels = looked.values.shape
    measured = {
        N_STEPS: n_steps,
        N_CHANNELS: n_channels,
        MISSING: looked.missing,
        N_BACK: looked.n_back,
        GAP: looked.gap,
        N_LEVELS: looked.n_levels,
    }
    told = json.loads(row[RAW])
    told.pop(SERIES, None)  # a table of documents has no use for a column of long texts
    own = {name: measured[name] for name in _TOLD}
    raw = json.dumps({**own, **told}, ensure_ascii=False)
    limits = limits_of(settings)
    if looked.n_back or not limits.min_steps <= n_steps <= limits.max_steps:
        # It is refused: there is no grid of its times, or too little of it to be described.
        digest = digest_of(row[TEXT].encode())
        return row | measured | {TEXT: "refused", TEXT_DIGEST: digest}, None
    shown = prepared(looked, settings.model_copy(update={"z_normalise": False}))
    content = as_npy(prepared(looked, settings))
    seen = {TEXT: caption(shown), TEXT_DIGEST: digest_of(content), RAW: raw}
    return row | measured | seen, content


def _broken(row: Record, rule: str, problem: str) -> Record:
    return row | {TEXT: None, PROBLEM_RULE: rule, PROBLEM: problem}
