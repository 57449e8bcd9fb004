"""A feed of series read, looked at and checked as a first night does, apart from any store.

Reads  a feed
Writes nothing but scratch
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tasks.items.base import ItemCodec
from tasks.operating.glance import Glance, Told
from tasks.operating.items.looks import ItemLooks, measured, shares_of, spread_of
from tasks.operating.items.placing import Items
from tasks.operating.items.tried import tried_items
from tasks.operating.placeable import sources_of, today
from tasks.operating.trial import Trial
from tasks.preparing.checks import CheckSettings
from tasks.reading.raw_feed import IngestSettings, read_feed
from tasks.series.codec import SERIES
from tasks.series.feed import Where, find_series
from tasks.series.glance import list_columns, listed, long_columns
from tasks.series.look import limits_of, looked_at
from tasks.series.settings import SeriesSettings
from tasks.store.storage import Store
from validation.items.series_rules import MISSING, N_CHANNELS, N_STEPS, series_rules


def try_series(aside: Store, where: Where, check: CheckSettings) -> Trial:
    """Read a feed of series and check its rows as those of a first night; see `try_feed`.

    Parameters
    ----------
    aside
        An empty place that is like a night's place in a store.
    where
        The feed.
    check
        As a night has it.
    """
    feed = find_series(aside, where, None)
    looked = looked_at(aside, read_feed(aside, feed, where.rows()), where.series)
    return tried_items(aside, looked, check, series_rules(limits_of(where.series)))


def told(glance: Glance) -> Told | None:
    """Return which columns hold series: lists, or values over time."""
    lists = list_columns(glance.rows)
    if lists:
        return Told(f"a row for each series, in lists: {listed(lists)}", {})
    columns = long_columns(glance.rows)
    if columns is None:
        return None
    settings = {"column": columns.series, "time": columns.time, "values": list(columns.values)}
    said = f"a row for each {columns.time!r} of each {columns.series!r}: {listed(columns.values)}"
    return Told(said, settings)


def looks(trial: Trial) -> ItemLooks:
    """Return how long the series are, and how much of them is missing."""
    found = measured(trial, [N_STEPS, N_CHANNELS, MISSING])
    lines = [
        *spread_of("steps", found[N_STEPS]),
        *shares_of("channels", found[N_CHANNELS]),
        *spread_of("share that is missing", found[MISSING]),
        "each channel is brought to mean 0 and spread 1; `z_normalise = false` under [series]"
        " lets level and strength count",
    ]
    return ItemLooks(lines, has_columns=False)


class Series(Items):
    """Documents that are time series."""

    def trial(self, feed: str, config: Mapping[str, Any], scratch: Path) -> Trial:
        """Read a feed, and check its rows as those of a first night."""
        where = Where(
            feed=feed,
            series=SeriesSettings(**config["series"]),
            ingest=IngestSettings(**config["ingest"]),
            sources=sources_of(config),
        )
        aside = Store(root=scratch, feed="trial", night=today())
        return try_series(aside, where, CheckSettings(**config["check"]))

    def codec(self, config: Mapping[str, Any]) -> ItemCodec:
        """Return what reads series for their encoder."""
        return SERIES
