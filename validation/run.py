"""Run a suite over the measurements of a night: which rows are refused, and why."""

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from validation.evaluate import batch_definition, evaluate, reason_template, reasons
from validation.gx import Expectation, gx
from validation.ids import CONFLICT, ID_USE, IS_SHARED, OF_ALL_ROWS, IdKeys, read_quoted
from validation.items.item_rules import OF_TEXTS, ItemRules
from validation.limits import PreparedLimits, RawLimits
from validation.measure import (
    PREPARED_READ,
    RAW_READ,
    ROWS_OF_ONE,
    measure_prepared,
    measure_raw,
)
from validation.prepared_suite import prepared_suite
from validation.raw_suite import raw_suite
from validation.refusals import Refusals, without_blank
from validation.report import Report
from validation.rules import IS_REFUSED
from validation.tables.columns import DOC_ID, N_LINES, POSITION, REASON, RULE_ID, SEVERITY
from validation.tally import Tally, column_of, rule_id

Read = Callable[[list[str]], Iterable[pa.RecordBatch]]
"""Reads some columns of a table from its start, as often as it is called."""

_LATER: Final = OF_ALL_ROWS | {IS_REFUSED}
_REPORTED: Final = [POSITION, RULE_ID, SEVERITY, REASON]


class Night:
    """What the rules of a suite find in the frames of a night; no frame is kept.

    Parameters
    ----------
    suite
        It is not changed.
    """

    def __init__(self, suite: gx.ExpectationSuite) -> None:
        self.rules: Sequence[Expectation] = suite.expectations
        self.tallies = {rule_id(rule): Tally(rule) for rule in self.rules}
        self.refusals = Refusals(list(self.rules))
        self.n_rows = 0
        self.n_lines: int | None = None
        self._batches = batch_definition()

    def rules_about(self, columns: Set[str]) -> list[Expectation]:
        """Return the rules about some columns."""
        return [rule for rule in self.rules if column_of(rule) in columns]

    def judge(self, frames: Iterable[pd.DataFrame], rules: Sequence[Expectation]) -> None:
        """Judge frames, of which the first begins with the first row of the night."""
        first = 0
        for frame in frames:
            self._judge(frame.set_axis(pd.RangeIndex(len(frame))), rules, first)
            first += len(frame)

    def counting(self, frames: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        """Yield frames, and count their rows and lines."""
        for frame in frames:
            self.n_rows += len(frame)
            if N_LINES in frame:
                self.n_lines = (self.n_lines or 0) + int(frame[N_LINES].sum())
            yield frame

    def verdicts(self) -> Iterator[pd.DataFrame]:
        """Yield 1 for each refused row and 0 for each other, or for each line of them.

        The larger share counts: a broken record may have swallowed many rows, and a single long
        text must not outweigh many broken rows. Rows without text are left out: they are not
        broken, and must not hide that many of the others are.
        """
        refused = self.refusals.rows()
        broken = without_blank(refused)
        n_refused, n = len(broken), self.n_rows - (len(refused) - len(broken))
        if self.n_lines is not None and n_refused:
            n_broken_lines, n_lines = int(broken[N_LINES].sum()), int(refused[N_LINES].sum())
            lines = n_broken_lines, self.n_lines - (n_lines - n_broken_lines)
            n_refused, n = max((n_refused, n), lines, key=lambda it: it[0] / it[1])
        for first in range(0, max(n, 1), ROWS_OF_ONE):
            places = np.arange(first, min(first + ROWS_OF_ONE, n))
            yield pd.DataFrame({IS_REFUSED: (places < n_refused).astype(np.int8)})

    def report(self, name: str) -> Report:
        """Return what was found."""
        outcomes = tuple(tally.outcome() for tally in self.tallies.values())
        refused = self.refusals.rows()[_REPORTED].reset_index(drop=True)
        return Report(name, self.n_rows, outcomes, refused)

    def _judge(self, frame: pd.DataFrame, rules: Sequence[Expectation], first: int) -> None:
        results, broken = evaluate(frame, rules, self._batches)
        for rule in rules:
            tally = self.tallies[rule_id(rule)]
            tally.add(results[rule_id(rule)])
            if rows := broken.get(rule_id(rule)):
                found = frame.take(rows)
                tally.name_broken(found[POSITION].tolist())
                found.index += first
                self.refusals.add(found, rule, reasons(reason_template(rule), found))


def validate(
    frames: Iterable[pd.DataFrame],
    suite: gx.ExpectationSuite,
    of_all_rows: Callable[[Night], Iterable[pd.DataFrame]] = lambda _: (),
) -> Report:
    """Run a suite over measurements.

    Parameters
    ----------
    frames
        One row for each row of the table; see `validation.measure`.
    suite
        `raw_suite` or `prepared_suite`; it is not changed.
    of_all_rows
        Returns the measurements that are known when all rows have been read, see
        `validation.ids.OF_ALL_ROWS`; it is called once the other rules have been judged.

    Returns
    -------
    The outcome of every rule, and the rows that break a row rule. A row that breaks several is
    refused once, by the first of them in the suite's order, with the reasons of all.

    Notes
    -----
    One call at a time in a process: Great Expectations keeps its project in a global.
    """
    night = Night(suite)
    at_once = [rule for rule in night.rules if column_of(rule) not in _LATER]
    night.judge(night.counting(frames), at_once)
    if late := night.rules_about(OF_ALL_ROWS):
        night.judge(of_all_rows(night), late)
    if last := night.rules_about({IS_REFUSED}):
        night.judge(night.verdicts(), last)
    return night.report(suite.name)


def validate_raw(read: Read, limits: RawLimits, items: ItemRules = OF_TEXTS) -> Report:
    """Check raw rows; a refused row does not keep its id from a good one.

    A row that is refused may be followed by a corrected one under the same id. If so,
    the use of ids is decided again among the rows that break no other rule.

    Parameters
    ----------
    read
        Reads the rows, with the columns of `validation.tables.stage_schemas.RAW_ROWS`.
    limits
        Of the night.
    items
        What is measured and asked of the rows besides, where they are about no texts.
    """
    keys = IdKeys()

    def of_all_rows(night: Night) -> Iterator[pd.DataFrame]:
        uses = settled_uses(keys, night.refusals.rows().index.to_numpy())
        found = read_quoted(read, [DOC_ID, N_LINES], np.flatnonzero(uses == CONFLICT))
        yield from keys.frames(ID_USE, uses, found.fillna({N_LINES: 1}))

    columns = [*RAW_READ, *items.columns()]
    frames = keys.noting(measure_raw(read(columns), items.measured))
    return validate(frames, raw_suite(limits, items.rules), of_all_rows)


def validate_prepared(read: Read, limits: PreparedLimits) -> Report:
    """Check prepared documents.

    Parameters
    ----------
    read
        Reads them, with the columns of `validation.tables.stage_schemas.CANDIDATES`.
    limits
        Of the night.
    """
    keys = IdKeys()

    def of_all_rows(_: Night) -> Iterator[pd.DataFrame]:
        shared = keys.shared()
        quoted = read_quoted(read, [DOC_ID], np.flatnonzero(shared))
        yield from keys.frames(IS_SHARED, shared, quoted)

    frames = keys.noting(measure_prepared(read(PREPARED_READ)))
    return validate(frames, prepared_suite(limits), of_all_rows)


def settled_uses(keys: IdKeys, at_fault: np.ndarray) -> "pd.Categorical[str]":
    """Return the use of ids, decided without the rows at fault where a good row gains by it.

    Parameters
    ----------
    keys
        Of all rows.
    at_fault
        Numbers of the rows that break a rule that is not about ids.
    """
    uses = keys.uses(at_fault[:0])
    if not at_fault.size:
        return uses
    settled = keys.uses(at_fault)
    differs = settled.codes != uses.codes
    differs[at_fault] = False
    return settled if differs.any() else uses
