"""Guard the preparation from the front: refuse broken rows, stop on an unreadable feed.

Reads  raw rows
Writes refused rows (REFUSED), results as JSON
"""

import logging

from pydantic import BaseModel, ConfigDict

from tasks.frame.stage import stage
from tasks.preparing.checks import (
    CheckSettings,
    keep_refused,
    keep_results,
    midnight,
    stop_if_critical,
)
from tasks.reading.ingest import RawFeed
from tasks.store.storage import Ref, Store, read_batches

logger = logging.getLogger(__name__)


class RawCheck(BaseModel):
    """What the check of the raw rows found."""

    model_config = ConfigDict(frozen=True)

    results: Ref
    refused: Ref


@stage("check raw", version=4)
def check_raw(
    store: Store, raw: RawFeed, settings: CheckSettings, median_rows: float | None
) -> RawCheck:
    """Check the raw rows; refuse the broken ones, stop the run where too many are.

    Raises
    ------
    DataValidationError
        If a critical rule fails; nothing is published then.
    """
    from validation.limits import RawLimits
    from validation.measure import measure_raw
    from validation.run import validate_raw

    limits = RawLimits(
        max_chars=settings.max_chars,
        earliest=midnight(settings.earliest_date),
        night=store.night,
        max_refused_share=settings.max_refused_share,
        median_rows=median_rows,
    )
    _, report = validate_raw(measure_raw(read_batches(store, raw.rows)), limits)
    refused = keep_refused(store, raw, report)
    results = keep_results(store, "check raw", report)
    stop_if_critical(store, report, refused)
    logger.info("check raw: %s of %s rows refused", f"{refused.rows:,}", f"{raw.rows.rows:,}")
    return RawCheck(results=results, refused=refused)
