"""The rows that are refused, gathered rule by rule and frame by frame."""

from dataclasses import dataclass, field

import pandas as pd

from validation.gx import Expectation
from validation.rules import TEXT_PRESENT
from validation.tables.columns import N_LINES, POSITION, REASON, RULE_ID, SEVERITY
from validation.tally import rule_id, severity

_ROW = "row"
_PLACE = "place"
_TYPES = {_ROW: "int64", POSITION: "int64", N_LINES: "int64", _PLACE: "int64", REASON: "str"}


@dataclass
class Refusals:
    """Which rows break which rules.

    Parameters
    ----------
    rules
        The suite's: a row counts for the first of them that it breaks.
    """

    rules: list[Expectation]
    _parts: list[pd.DataFrame] = field(default_factory=list)

    def add(self, frame: pd.DataFrame, rule: Expectation, reasons: list[str]) -> None:
        """Add rows that break a rule.

        Parameters
        ----------
        frame
            Their measurements; the index is the number of the row.
        rule
            One of the suite's.
        reasons
            One for each of the rows.
        """
        columns = {
            _ROW: frame.index.to_numpy(),
            POSITION: frame[POSITION].to_numpy(),
            # Of a table that does not say it, rows are lines.
            N_LINES: frame[N_LINES].to_numpy() if N_LINES in frame.columns else 1,
            _PLACE: [rule_id(it) for it in self.rules].index(rule_id(rule)),
            REASON: reasons,
        }
        self._parts.append(pd.DataFrame(columns).astype(_TYPES))

    def rows(self) -> pd.DataFrame:
        """Return each refused row once, in their order, with the reasons of all rules it breaks.

        Returns
        -------
        Frame with position, rule_id, severity, reason and n_lines; its index is the row's number.
        """
        found = pd.concat([pd.DataFrame(columns=list(_TYPES)).astype(_TYPES), *self._parts])
        found = found.sort_values([_ROW, _PLACE], kind="stable")
        is_several = found[_ROW].duplicated(keep=False)
        once = found.drop_duplicates(_ROW).set_index(_ROW)
        if is_several.any():
            once.update(found[is_several].groupby(_ROW)[[REASON]].agg("; ".join))
        ids = dict(enumerate(map(rule_id, self.rules)))
        severities = dict(enumerate(map(severity, self.rules)))
        once[RULE_ID] = once[_PLACE].map(ids).astype("str")
        once[SEVERITY] = once[_PLACE].map(severities).astype("str")
        return once[[POSITION, RULE_ID, SEVERITY, REASON, N_LINES]]


def without_blank(refused: pd.DataFrame) -> pd.DataFrame:
    """Leave out the rows without text: they are not broken."""
    return refused[refused[RULE_ID] != TEXT_PRESENT]
