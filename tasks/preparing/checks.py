"""What the two checks share: bounds, refused rows as a table, results for people, the stop.

Reads  raw rows
Writes refused rows (REFUSED), results as JSON
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field

from tasks.frame.show import show_table
from tasks.reading.ingest import RawFeed
from tasks.store.storage import Ref, Store, keep_bytes, keep_table, read_batches, read_table
from validation.schemas import FILE, POSITION, QUARANTINE, RAW, REASON, ROW, RULE_ID

if TYPE_CHECKING:
    from validation.report import Report

REFUSED: Final = pa.schema([pa.field(POSITION, pa.int64(), nullable=False), *QUARANTINE])
"""Quarantined rows, with their position among all rows read."""

_RAW_PART: Final = pa.schema([REFUSED.field(name) for name in (POSITION, FILE, ROW, RAW)])


class CheckSettings(BaseModel):
    """Bounds that the checks hold rows against."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_chars: int = Field(200_000, ge=1, description="A longer text is refused.")
    earliest_date: date = Field(date(1970, 1, 1), description="An earlier document is refused.")
    max_refused_share: float = Field(0.3, gt=0, le=1, description="More refused rows stop the run.")


def midnight(day: date) -> datetime:
    """Give the first moment of a day in UTC."""
    return datetime.combine(day, time.min, tzinfo=UTC)


def keep_refused(store: Store, raw: RawFeed, report: "Report") -> Ref:
    """Lay the refused rows out, each as it came, with the rule and the reason."""
    refused = pa.Table.from_pandas(report.refused, preserve_index=False)
    tables = list(_raw_rows(store, raw, refused[POSITION].combine_chunks()))
    rows = pa.concat_tables([_RAW_PART.empty_table(), *tables])
    joined = refused.join(rows, POSITION).sort_by(POSITION)
    return keep_table(store, "check", joined.select(REFUSED.names).cast(REFUSED))


def _raw_rows(store: Store, raw: RawFeed, positions: pa.Array) -> Iterator[pa.Table]:
    first = 0
    for batch in read_batches(store, raw.rows, [FILE, ROW, RAW]):
        numbered = pa.table(
            [pa.array(range(first, first + len(batch)), pa.int64()), *batch], schema=_RAW_PART
        )
        first += len(batch)
        yield numbered.filter(pc.is_in(numbered[POSITION], positions))


def keep_results(store: Store, name: str, report: "Report") -> Ref:
    """Keep what every rule found as JSON, and show it as a table in the UI."""
    failed = sum(not outcome.success for outcome in report.outcomes)
    rows = [
        {
            "rule": outcome.rule_id,
            "severity": outcome.severity,
            "passed": outcome.success,
            "found": outcome.error or outcome.observed,
            "expected": outcome.expected,
        }
        for outcome in report.outcomes
    ]
    show_table(name, rows, f"{name}: {failed} of {len(rows)} rules failed")
    return keep_bytes(store, "check", report.to_json().encode(), ".json")


def stop_if_critical(store: Store, report: "Report", refused: Ref) -> None:
    """Stop before anything is published; say which rule failed, show rows, point at all of them."""
    from validation.report import DataValidationError

    failures = report.critical_failures
    if not failures:
        return
    rows = read_table(store, refused, [FILE, ROW, RULE_ID, REASON]).slice(0, 3).to_pylist()
    examples = "; ".join(
        f"{row[FILE]} row {row[ROW]}: {row[RULE_ID]}, {row[REASON]}" for row in rows
    )
    raise DataValidationError(
        f"feed {store.feed!r} fails the {report.suite} check, so nothing is published: "
        + "; ".join(str(failure) for failure in failures)
        + "; mend the feed, or change the limit under [check] in the config file"
        + (
            f"; first refused rows: {examples}; all of them: {store.resolve(refused)}"
            if rows
            else ""
        ),
        report.suite,
        failures,
    )
