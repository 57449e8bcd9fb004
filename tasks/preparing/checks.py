"""The two checks: what they hold rows against, and what they find.

Reads  raw rows, candidates
Writes nothing: see `tasks.preparing.keep`
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field

from tasks.preparing.batches import Batches
from validation.limits import PreparedLimits, RawLimits, midnight
from validation.tables.columns import FILE, POSITION, RAW, REASON, ROW, RULE_ID
from validation.tables.schemas import QUARANTINE
from validation.usual import Usual, UsualNight

if TYPE_CHECKING:
    from validation.items.item_rules import ItemRules
    from validation.report import Report

REFUSED: Final = pa.schema([pa.field(POSITION, pa.int64(), nullable=False), *QUARANTINE])
"""Quarantined rows, with their position among all rows read."""

_RAW_PART: Final = pa.schema([REFUSED.field(name) for name in (POSITION, FILE, ROW, RAW)])
PROVEN_BY_INIT: Final = frozenset({"text_decodes", "date_parses"})
INIT_HINT: Final = (
    "`nightfold init FEED` finds the encoding, and whether the day or the month comes first, where"
    " the rows prove it"
)

_N_EXAMPLES: Final = 3
"""Refused rows that the error quotes: the table holds them all."""


class DocumentBounds(BaseModel):
    """Bounds that the check of prepared documents holds them against."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_chars: int
    """The length that texts are cut to."""
    earliest_date: date
    max_refused_share: float
    usual_documents: Usual | None
    """How many there usually are; None where too few nights say so."""

    def limits(
        self,
        night: date,
        n_read: int,
        n_refused_before: int,
        n_without_text: int,
        n_restarted_of: int | None = None,
    ) -> PreparedLimits:
        """Return the limits of a night that has read so many rows, of which some are refused.

        Those without a text are among both numbers, and count in neither. For the ids that have
        started again see `tasks.preparing.edits.Edits`.
        """
        return PreparedLimits(
            earliest=midnight(self.earliest_date),
            night=night,
            max_chars=self.max_chars,
            max_refused_share=self.max_refused_share,
            n_read=n_read - n_without_text,
            n_refused_before=n_refused_before - n_without_text,
            n_restarted_of=n_restarted_of,
            usual_documents=self.usual_documents,
        )


class CheckSettings(BaseModel):
    """Bounds that the checks hold rows against."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_chars: int = Field(200_000, ge=1, description="A longer text is refused.")
    earliest_date: date = Field(date(1970, 1, 1), description="An earlier document is refused.")
    max_refused_share: float = Field(0.3, gt=0, le=1, description="More refused rows stop the run.")
    # Of ratings on maps and in app stores half to three quarters come without a word.
    max_without_text_share: float = Field(
        0.8, gt=0, le=1, description="More rows with an id and no text or title stop the run."
    )

    def raw_limits(self, night: date, usual: UsualNight) -> RawLimits:
        """Return the limits of the raw rows of a night."""
        return RawLimits(
            max_chars=self.max_chars,
            earliest=midnight(self.earliest_date),
            night=night,
            max_refused_share=self.max_refused_share,
            max_without_text_share=self.max_without_text_share,
            usual_rows=usual.rows,
            usual_no_text=usual.no_text,
            usual_no_date=usual.no_date,
            usual_days_old=usual.days_old,
        )

    def document_bounds(self, max_chars: int, usual: UsualNight) -> DocumentBounds:
        """Return the bounds of documents whose texts are cut to a length."""
        return DocumentBounds(
            max_chars=max_chars,
            earliest_date=self.earliest_date,
            max_refused_share=self.max_refused_share,
            usual_documents=usual.documents,
        )


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    Parameters
    ----------
    report
        The outcome of every rule.
    refused
        The refused rows as they came, each with the rule and the reason; see `REFUSED`.
    """

    report: "Report"
    refused: pa.Table

    def n_without_text(self) -> int:
        """Return how many of the refused rows have no text, and are not broken otherwise."""
        return count_without_text(self.refused)

    def require_sound(self, feed: str, where: str = "", so: str = "nothing is published") -> None:
        """Fail where a critical rule does, with the rule and the first refused rows.

        Parameters
        ----------
        feed
            Name of the feed, for the message.
        where
            Where all the refused rows are, if they are kept.
        so
            What follows for the feed.

        Raises
        ------
        DataValidationError
            If a critical rule fails.
        """
        from validation.report import DataValidationError

        failures = self.report.critical_failures
        if not failures:
            return
        suite = self.report.suite
        rules = "; ".join(str(failure) for failure in failures)
        raise DataValidationError(
            f"feed {feed!r} fails the {suite} check, so {so}: {rules}; fix the feed, or change the"
            f" limit under [check] in the config file{self._examples(where)}",
            suite,
            failures,
        )

    @property
    def is_proven_by_init(self) -> bool:
        """Whether rows are refused for what `nightfold init` may find out by itself."""
        refused = set(self.refused[RULE_ID].to_pylist())
        return not refused.isdisjoint(PROVEN_BY_INIT)

    def _examples(self, where: str) -> str:
        rows = self.refused.slice(0, _N_EXAMPLES).to_pylist()
        if not rows:
            return ""
        examples = "; ".join(
            f"{row[FILE]} row {row[ROW]}: {row[RULE_ID]}, {row[REASON]}" for row in rows
        )
        hint = f"; {INIT_HINT}" if self.is_proven_by_init else ""
        there = f"; all of them: {where}" if where else ""
        return f"{hint}; first refused rows: {examples}{there}"


def judge_raw(raw: Batches, limits: RawLimits, items: "ItemRules | None" = None) -> Verdict:
    """Check the raw rows of a feed.

    Parameters
    ----------
    raw
        With the columns of `validation.tables.stage_schemas.RAW_ROWS`.
    limits
        See `CheckSettings.raw_limits`.
    items
        What is asked of the rows besides, where they are about no texts.
    """
    from validation.items.item_rules import OF_TEXTS
    from validation.run import validate_raw

    report = validate_raw(raw, limits, items or OF_TEXTS)
    return Verdict(report, refused_rows(report, raw))


def judge_prepared(candidates: Batches, raw: Batches, limits: PreparedLimits) -> Verdict:
    """Check the candidates; what is refused are the raw rows that they were made of.

    Parameters
    ----------
    candidates
        With the columns of `validation.tables.stage_schemas.CANDIDATES`.
    raw
        As for `judge_raw`.
    limits
        See `DocumentBounds.limits`.
    """
    from validation.run import validate_prepared

    report = validate_prepared(candidates, limits)
    return Verdict(report, refused_rows(report, raw))


def count_without_text(refused: pa.Table) -> int:
    """Count the rows of a quarantine that are there because they have no text."""
    from validation.rules import TEXT_PRESENT

    return pc.sum(pc.equal(refused[RULE_ID], TEXT_PRESENT)).as_py() or 0


def refused_rows(report: "Report", raw: Batches) -> pa.Table:
    """Return the refused rows, each as it came, with the rule and the reason; see `REFUSED`."""
    refused = pa.Table.from_pandas(report.refused, preserve_index=False)
    # Without a refused row, there is no need to read them all.
    tables = list(_raw_rows(raw, refused[POSITION].combine_chunks())) if len(refused) else []
    rows = pa.concat_tables([_RAW_PART.empty_table(), *tables])
    joined = refused.join(rows, POSITION).sort_by(POSITION)
    return joined.select(REFUSED.names).cast(REFUSED)


def _raw_rows(raw: Batches, positions: pa.Array) -> Iterator[pa.Table]:
    first = 0
    for batch in raw([FILE, ROW, RAW]):
        numbered = pa.table(
            [pa.array(range(first, first + len(batch)), pa.int64()), *batch], schema=_RAW_PART
        )
        first += len(batch)
        yield numbered.filter(pc.is_in(numbered[POSITION], positions))
