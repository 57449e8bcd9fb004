"""Validate the raw rows: refuse broken ones, stop on an unreadable feed.

Reads  raw rows
Writes refused rows (REFUSED), results as JSON
"""

import logging
from functools import partial
from typing import TYPE_CHECKING

from tasks.frame.result import StageResult
from tasks.frame.stage import stage
from tasks.preparing.checks import CheckSettings, Verdict, judge_raw
from tasks.preparing.keep import keep_verdict
from tasks.reading.raw_feed import RawFeed
from tasks.store.storage import Ref, Store, read_batches
from validation.usual import UsualNight

if TYPE_CHECKING:
    from validation.items.item_rules import ItemRules

logger = logging.getLogger(__name__)


class CheckedFeed(StageResult):
    """What was read, and what the check of its rows found."""

    raw: RawFeed
    refused: Ref
    n_without_text: int = 0
    """How many of the refused rows are not broken, but have no text."""


@stage("check raw", version=6)
def check_raw(
    store: Store,
    raw: RawFeed,
    settings: CheckSettings,
    usual: UsualNight,
    is_quiet: bool = False,
) -> CheckedFeed:
    """Check the raw rows; refuse the broken ones, stop the run where too many are.

    For errors see `checked`.
    """
    return checked(store, raw, settings, usual, is_quiet)


def checked(
    store: Store,
    raw: RawFeed,
    settings: CheckSettings,
    usual: UsualNight,
    is_quiet: bool,
    items: "ItemRules | None" = None,
) -> CheckedFeed:
    """Check raw rows, which may be about something else than texts; see `judge_raw`.

    A feed without rows is broken, but on a quiet night: then its source has nothing new.

    Raises
    ------
    DataValidationError
        If a critical rule fails; nothing is published then.
    """
    limits = settings.raw_limits(store.night, usual)
    if is_quiet:
        logger.info("nothing new since the last published night")
        limits = limits.model_copy(update={"min_rows": 0})
    if items is not None:
        limits = limits.without_dates()
    verdict = judge_raw(partial(read_batches, store, raw.rows), limits, items)
    _doubt_guessed_ids(raw, verdict)
    refused, results = keep_verdict(store, "check raw", verdict)
    n_without_text = verdict.n_without_text()
    logger.info(
        "check raw: %s of %s rows refused, %s without text",
        *(f"{n:,}" for n in (refused.rows - n_without_text, raw.rows.rows, n_without_text)),
    )
    return CheckedFeed(
        raw=raw, checks={"raw": results}, refused=refused, n_without_text=n_without_text
    )


def _doubt_guessed_ids(raw: RawFeed, verdict: Verdict) -> None:
    """Say that a guessed column of ids repeats over different texts: it may be another thing's."""
    from validation.rules import ID_UNIQUE

    outcomes = verdict.report.outcomes
    n_repeated = sum(it.n_failed for it in outcomes if it.rule_id == ID_UNIQUE)
    for file, others in raw.guessed_ids.items() if n_repeated else ():
        used = raw.columns[file]["doc_id"]
        instead = f"may be {', '.join(map(repr, others))}" if others else 'may be ["text"]'
        logger.warning(
            "%s rows share an id with another text, and the ids of %s were guessed: column %r;"
            " `doc_id` under [ingest.columns] %s, or a list of columns that make the id",
            *(f"{n_repeated:,}", file, used, instead),
        )
