"""The guard without the night: what a first night would refuse, and whether it would stop.

Reads  a feed
Writes nothing but scratch
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from tasks.preparing.candidates import AcceptedRows, PrepareSettings, plan_rows, prepared_parts
from tasks.preparing.checks import CheckSettings, Verdict, judge_prepared, judge_raw
from tasks.preparing.keep import keep_parts
from tasks.preparing.known_columns import Known
from tasks.preparing.seen import Seen
from tasks.reading.pieces import find_pieces
from tasks.reading.raw_feed import IngestSettings, RawFeed, read_feed
from tasks.reading.sources.settings import SourceSettings
from tasks.store.storage import Ref, Store, read_batches, read_table
from validation.report import RuleOutcome
from validation.schemas import DUPLICATE_OF, FILE, POSITION, REASON, ROW, RULE_ID

N_EXAMPLES: Final = 3
"""Refused rows that are shown for each rule: enough to see what they have in common."""


@dataclass(frozen=True)
class Prepared:
    """What would become of the rows that the first check lets through.

    Parameters
    ----------
    verdict
        Of the check of documents.
    n_documents, n_duplicates, n_withdrawn
        How many there would be.
    """

    verdict: Verdict
    n_documents: int
    n_duplicates: int
    n_withdrawn: int


@dataclass(frozen=True)
class FeedCheck:
    """What the two checks found.

    Parameters
    ----------
    columns
        File → part → column, as mapped or guessed.
    raw
        Of the check of raw rows.
    prepared
        None where that one stops the night already.
    """

    columns: dict[str, dict[str, str]]
    raw: Verdict
    prepared: Prepared | None

    @property
    def verdicts(self) -> list[Verdict]:
        """What was checked, in order."""
        return [self.raw, *([self.prepared.verdict] if self.prepared else [])]

    @property
    def is_stopped(self) -> bool:
        """Whether a night would publish nothing."""
        return any(verdict.report.critical_failures for verdict in self.verdicts)

    @property
    def n_refused(self) -> int:
        """Rows that a night would put into quarantine, those without a text too."""
        return sum(verdict.refused.num_rows for verdict in self.verdicts)

    @property
    def n_without_text(self) -> int:
        """How many of them are not broken, but have no text."""
        return sum(verdict.n_without_text() for verdict in self.verdicts)

    def failures(self) -> Iterator[tuple[RuleOutcome, list[str]]]:
        """Yield every rule that fails, with the first rows that it refuses."""
        for verdict in self.verdicts:
            for outcome in verdict.report.outcomes:
                if not outcome.success:
                    yield outcome, _examples(verdict, outcome.rule_id)


def check_feed(
    feed: str,
    sources: SourceSettings,
    ingest: IngestSettings,
    check: CheckSettings,
    prepare: PrepareSettings,
    aside: Store,
) -> FeedCheck:
    """Read a feed and check it as a first night does.

    Parameters
    ----------
    feed
        As for a run.
    sources, ingest, check, prepare
        As a night has them.
    aside
        The night that the rows are held against, in an empty folder: they need not all be in
        memory.

    Raises
    ------
    FeedError
        If the feed cannot be read at all.
    """
    raw = read_feed(aside, find_pieces(aside, feed, sources), ingest)
    verdict = judge_raw(partial(read_batches, aside, raw.rows), check.raw_limits(aside.night, None))
    if verdict.report.critical_failures:
        return FeedCheck(raw.columns, verdict, None)
    return FeedCheck(raw.columns, verdict, _prepared(aside, raw, verdict, check, prepare))


def _prepared(
    aside: Store, raw: RawFeed, verdict: Verdict, check: CheckSettings, settings: PrepareSettings
) -> Prepared:
    """Prepare the rows that are not refused, and check the documents."""
    rows = partial(read_batches, aside, raw.rows)
    refused = set(verdict.refused[POSITION].to_pylist())
    plan = plan_rows(AcceptedRows(rows, refused, raw.columns, raw.metadata_types), Known([], {}))
    parts = prepared_parts(plan, Seen(aside.night), settings)
    tables = keep_parts(aside, "check", plan.schemas(), parts)
    bounds = check.document_bounds(settings.max_text_chars, None)
    n_without_text = verdict.n_without_text()
    limits = bounds.limits(aside.night, raw.rows.rows, len(refused), n_without_text)
    found = judge_prepared(partial(read_batches, aside, tables["candidates"]), rows, limits)
    return Prepared(
        found,
        n_documents=_n_first(aside, tables["candidates"], found),
        n_duplicates=tables["duplicates"].rows,
        n_withdrawn=tables["withdrawn"].rows,
    )


def _n_first(aside: Store, candidates: Ref, found: Verdict) -> int:
    """Count the documents that are neither refused nor repeat the text of another."""
    left_out = set(found.refused[POSITION].to_pylist())
    table = read_table(aside, candidates, [POSITION, DUPLICATE_OF])
    pairs = zip(table[POSITION].to_pylist(), table[DUPLICATE_OF].to_pylist(), strict=True)
    return sum(first is None and position not in left_out for position, first in pairs)


def _examples(verdict: Verdict, rule_id: str) -> list[str]:
    rows = [row for row in verdict.refused.to_pylist() if row[RULE_ID] == rule_id]
    return [f"{row[FILE]} row {row[ROW]}: {row[REASON]}" for row in rows[:N_EXAMPLES]]
