"""Validate the rows of a feed of series: the rules of every feed, and those of series before them.

Reads  raw rows, with what was measured of their series
Writes refused rows (REFUSED), results as JSON
"""

from tasks.frame.stage import stage
from tasks.preparing.check_raw import CheckedFeed, checked
from tasks.preparing.checks import CheckSettings
from tasks.reading.raw_feed import RawFeed
from tasks.series.look import limits_of
from tasks.series.settings import SeriesSettings
from tasks.store.storage import Store
from validation.usual import UsualNight


@stage("check raw", version=1)
def check_series(
    store: Store,
    raw: RawFeed,
    settings: CheckSettings,
    usual: UsualNight,
    series: SeriesSettings,
    is_quiet: bool,
) -> CheckedFeed:
    """Check the raw rows, and what was measured of their series; see `checked` for errors."""
    from validation.items.series_rules import series_rules

    return checked(store, raw, settings, usual, is_quiet, series_rules(limits_of(series)))
