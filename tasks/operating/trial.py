"""A feed read and checked as a first night does, apart from any store: for check, init and assign.

Reads  a feed
Writes nothing but scratch
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import pyarrow as pa

from tasks.preparing.batches import Batches
from tasks.preparing.candidates import AcceptedRows, Plan, plan_rows, prepared_parts
from tasks.preparing.checks import CheckSettings, Verdict, judge_raw
from tasks.preparing.columns.known_columns import Known
from tasks.preparing.prepare_settings import PrepareSettings
from tasks.preparing.seen import Seen
from tasks.reading.pieces import find_pieces
from tasks.reading.raw_feed import IngestSettings, RawFeed, read_feed
from tasks.reading.sources.kinds import NO_SETTINGS
from tasks.reading.sources.settings import SourceSettings
from tasks.store.storage import Ref, Store, read_batches
from validation.limits import RawLimits
from validation.tables.columns import POSITION
from validation.usual import UsualNight


@dataclass(frozen=True)
class Trial:
    """The rows of a feed, and what their check found.

    Parameters
    ----------
    aside
        A scratch place that is like a night's place in a store.
    raw
        What was read.
    limits
        That the rows are held against.
    verdict
        Of the check of raw rows.
    has_digests
        See `AcceptedRows`.
    contents
        The items as they were prepared, where the documents are no texts; see `LookedAt`.
    """

    aside: Store
    raw: RawFeed
    limits: RawLimits
    verdict: Verdict
    has_digests: bool = False
    contents: Ref | None = None

    @property
    def rows(self) -> Batches:
        """The rows that were read; they are not in memory."""
        return partial(read_batches, self.aside, self.raw.rows)

    @property
    def refused(self) -> set[int]:
        """Positions of the rows that the check refuses."""
        return set(self.verdict.refused[POSITION].to_pylist())

    def plan(self, settings: PrepareSettings) -> Plan:
        """Return what must be known before the rows that are not refused are prepared."""
        raw = self.raw
        rows = AcceptedRows(
            self.rows, self.refused, raw.columns, raw.metadata_types, self.has_digests
        )
        return plan_rows(rows, Known([], {}), settings)

    def parts(self, plan: Plan, settings: PrepareSettings) -> Iterator[dict[str, pa.Table]]:
        """Yield what the rows become on a first night; see `prepared_parts`."""
        return prepared_parts(plan, Seen(self.aside.night), settings)


def try_feed(
    feed: str,
    ingest: IngestSettings,
    check: CheckSettings,
    night: date,
    scratch: Path,
    sources: SourceSettings = NO_SETTINGS,
) -> Trial:
    """Read a feed and check its rows as those of a first night.

    Parameters
    ----------
    feed
        As for a run.
    ingest, check
        As a night has them.
    night
        That the rows are held against.
    scratch
        An empty folder, for rows that need not all be in memory.
    sources
        Of the kinds of feeds that have settings of their own.

    Raises
    ------
    FeedError
        If the feed cannot be read at all.
    """
    aside = Store(root=scratch, feed="trial", night=night)
    raw = read_feed(aside, find_pieces(aside, feed, sources), ingest)
    limits = check.raw_limits(night, UsualNight())
    verdict = judge_raw(partial(read_batches, aside, raw.rows), limits)
    return Trial(aside, raw, limits, verdict)
