"""Look at the series of a feed: what is measured of each, what it is as it is kept.

Reads  raw rows, which hold times and values
Writes raw rows (RAW_ITEMS and what is measured): the text is what is measured, in words
       contents (CONTENTS): every series once, as it was prepared
"""

import json
import logging
from typing import Any, Final

import pyarrow as pa

from tasks.boundary.counted import counted
from tasks.frame.progress import shown_progress
from tasks.frame.stage import stage
from tasks.items.looked import LookedAt
from tasks.reading.raw_feed import RawFeed
from tasks.series.prepare import Looked, UnfitSeriesError, as_npy, digest_of, look_at, prepared
from tasks.series.rows import SERIES
from tasks.series.settings import SeriesSettings
from tasks.store.storage import Store, TableWriter, read_batches
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
    CONTENT,
    MEDIA_TYPE,
    PROBLEM,
    PROBLEM_RULE,
    RAW,
    TEXT,
    TEXT_DIGEST,
)
from validation.tables.schemas import CONTENTS
from validation.tables.stage_schemas import RAW_ITEMS

logger = logging.getLogger(__name__)

NPY: Final = "application/x-npy"
RAW_SERIES: Final = pa.schema([*RAW_ITEMS, *MEASURED])

_TOLD: Final = (N_STEPS, N_CHANNELS)
"""Of what is measured, columns of the documents: feeds have too many numbers by themselves."""

_ROWS_AT_ONCE: Final = 256

Record = dict[str, Any]


@stage("look at series", version=1)
def look_at_series(store: Store, raw: RawFeed, settings: SeriesSettings) -> LookedAt:
    """Measure and prepare every series; one that cannot be read is a row with a problem."""
    return looked_at(store, raw, settings)


def looked_at(store: Store, raw: RawFeed, settings: SeriesSettings) -> LookedAt:
    """Measure and prepare every series of a feed; see `look_at_series`."""
    seen: set[str] = set()
    n_done = n_problems = 0
    with (
        TableWriter(store, "look", RAW_SERIES) as rows,
        TableWriter(store, "look", CONTENTS) as contents,
        shown_progress("look at series") as report,
    ):
        for batch in read_batches(store, raw.rows):
            for first in range(0, len(batch), _ROWS_AT_ONCE):
                found = batch.slice(first, _ROWS_AT_ONCE).to_pylist()
                looked = [looked_row(row, settings) for row in found]
                rows.write(pa.Table.from_pylist([row for row, _ in looked], RAW_SERIES))
                contents.write(_new_contents(looked, seen))
                n_done += len(looked)
                n_problems += sum(row[PROBLEM_RULE] is not None for row, _ in looked)
                report("series", n_done, raw.rows.rows, float("nan"))
    logger.info("looked at %s; %d cannot be read", counted(n_done, "row"), n_problems)
    told = {name: getattr(raw, name) for name in type(raw).model_fields if name != "rows"}
    return LookedAt(raw=RawFeed(rows=rows.ref, **told), contents=contents.ref)


def limits_of(settings: SeriesSettings) -> SeriesLimits:
    """Return what series are held against."""
    return SeriesLimits(**settings.model_dump(include=set(SeriesLimits.model_fields)))


def looked_row(row: Record, settings: SeriesSettings) -> tuple[Record, bytes | None]:
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


def _measured(row: Record, looked: Looked, settings: SeriesSettings) -> tuple[Record, bytes | None]:
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


def _new_contents(looked: list[tuple[Record, bytes | None]], seen: set[str]) -> pa.Table:
    """Return the series that were not there before, by digest."""
    new = {row[TEXT_DIGEST]: it for row, it in looked if it and row[TEXT_DIGEST] not in seen}
    seen.update(new)
    columns = {TEXT_DIGEST: list(new), MEDIA_TYPE: [NPY] * len(new), CONTENT: list(new.values())}
    return pa.table(columns, schema=CONTENTS)
