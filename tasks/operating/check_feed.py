"""The guard without the night: what a first night would refuse, and whether it would stop.

Reads  a feed
Writes nothing but scratch
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from tasks.boundary.counted import counted
from tasks.operating.trial import Trial
from tasks.preparing.checks import CheckSettings, Verdict, judge_prepared
from tasks.preparing.keep import keep_parts
from tasks.preparing.prepare_settings import PrepareSettings
from tasks.store.storage import Ref, Store, read_batches, read_table
from validation.report import RuleOutcome
from validation.tables.columns import DUPLICATE_OF, FILE, POSITION, REASON, ROW, RULE_ID
from validation.usual import UsualNight

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

    def outlook(self) -> str:
        """Return what would become of the rows, as a sentence."""
        n_rows = counted(self.raw.report.n_rows, "row")
        n_broken = self.n_refused - self.n_without_text
        left_out = f"{n_broken:,} refused, {self.n_without_text:,} without text"
        if self.is_stopped or self.prepared is None:
            return f"a night would stop: {n_rows} read, {left_out}, nothing published"
        return (
            f"of {n_rows} a night would make {counted(self.prepared.n_documents, 'document')}:"
            f" {left_out}, {counted(self.prepared.n_duplicates, 'duplicate')},"
            f" {self.prepared.n_withdrawn:,} withdrawn"
        )

    def failures(self) -> Iterator[tuple[RuleOutcome, list[str]]]:
        """Yield every rule that fails, with the first rows that it refuses."""
        for verdict in self.verdicts:
            for outcome in verdict.report.outcomes:
                if not outcome.success:
                    yield outcome, _examples(verdict, outcome.rule_id)


def check_trial(trial: Trial, check: CheckSettings, prepare: PrepareSettings) -> FeedCheck:
    """Return what the checks of a first night find in a feed that was read.

    Parameters
    ----------
    trial
        Of the feed.
    check, prepare
        As a night has them.
    """
    if trial.verdict.report.critical_failures:
        return FeedCheck(trial.raw.roles(), trial.verdict, None)
    return FeedCheck(trial.raw.roles(), trial.verdict, _prepared(trial, check, prepare))


def _prepared(trial: Trial, check: CheckSettings, settings: PrepareSettings) -> Prepared:
    """Prepare the rows that are not refused, and check the documents."""
    aside, plan = trial.aside, trial.plan(settings)
    tables = keep_parts(aside, "check", plan.schemas(), trial.parts(plan, settings))
    bounds = check.document_bounds(settings.max_text_chars, UsualNight())
    n_refused, n_without_text = trial.verdict.refused.num_rows, trial.verdict.n_without_text()
    limits = bounds.limits(aside.night, trial.raw.rows.rows, n_refused, n_without_text)
    found = judge_prepared(partial(read_batches, aside, tables["candidates"]), trial.rows, limits)
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
