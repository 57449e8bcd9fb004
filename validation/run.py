"""Run a suite over measurements: which rows are refused, and why."""

import copy
from collections.abc import Collection, Iterable, Sequence
from string import Formatter
from typing import Any, Final

import great_expectations as gx
import numpy as np
import pandas as pd
from great_expectations.core import ExpectationValidationResult
from great_expectations.core.batch_definition import BatchDefinition
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

from validation.limits import RawLimits
from validation.measure import ID_USE, POSITION, assign_id_use
from validation.raw_suite import raw_suite
from validation.report import Report, RuleOutcome, Severity
from validation.rules import ID_UNIQUE, IS_REFUSED, TEXT_PRESENT
from validation.schemas import N_LINES, REASON, RULE_ID, SEVERITY

_BRIEF: Final[dict[str, Any]] = {"result_format": "BASIC", "partial_unexpected_count": 0}
# Complete means complete only here: SUMMARY ends at 20 rows. Naming an index column, or leaving
# the query on, would cost a hundred times as much.
_ALL_ROWS: Final[dict[str, Any]] = {
    "result_format": "COMPLETE",
    "partial_unexpected_count": 0,
    "return_unexpected_index_query": False,
}
_N_FIRST: Final = 5

_Results = dict[str, ExpectationValidationResult]
_Rows = dict[str, list[int]]


def validate(measurements: pd.DataFrame, suite: gx.ExpectationSuite) -> Report:
    """Run a suite over measurements.

    Parameters
    ----------
    measurements
        One row for each row of the table, n_rows; see `validation.measure`.
    suite
        `raw_suite` or `prepared_suite`; it is not changed.

    Returns
    -------
    The outcome of every rule, and the rows that break a row rule. A row that breaks several is
    refused once, by the first of them in the suite's order, with the reasons of all.

    Notes
    -----
    One call at a time in a process: Great Expectations keeps its project in a global.
    """
    frame = measurements.reset_index(drop=True)
    rules: list[Expectation] = suite.expectations
    of_rows = [rule for rule in rules if not _is_last(rule)]
    judged, batches = _plain(frame, {_column(rule) for rule in of_rows}), _batch_definition()
    results = _run(judged, of_rows, _BRIEF, batches)
    to_name = [rule for rule in of_rows if _has_broken_rows(rule, results)]
    broken = _broken_rows(judged, to_name, batches)
    refused = _refused(frame, of_rows, broken)
    verdicts = _verdicts(frame, refused[RULE_ID])
    results |= _run(verdicts, [rule for rule in rules if _is_last(rule)], _BRIEF, batches)
    outcomes = tuple(_outcome(rule, results, frame[POSITION], broken) for rule in rules)
    refused.insert(0, POSITION, frame[POSITION].to_numpy()[refused.index])
    return Report(suite.name, len(frame), outcomes, refused.reset_index(drop=True))


def validate_raw(measurements: pd.DataFrame, limits: RawLimits) -> tuple[pd.DataFrame, Report]:
    """Check raw rows; a refused row does not keep its id from a good one.

    A row that is refused may be followed by a corrected one under the same id. If so,
    the use of ids is decided again among the rows that break no other rule.

    Parameters
    ----------
    measurements
        From `validation.measure.measure_raw`, n_rows.
    limits
        Of the night.

    Returns
    -------
    The measurements with the final ``id_use``, and the report on them.
    """
    report = validate(measurements, raw_suite(limits))
    # The rule about ids is the last, so the rows it claims break no other.
    at_fault = report.refused.loc[report.refused[RULE_ID] != ID_UNIQUE, POSITION]
    if at_fault.empty:
        return measurements, report
    settled = assign_id_use(measurements, excluded=at_fault)
    others = ~measurements[POSITION].isin(at_fault)
    if settled.loc[others, ID_USE].equals(measurements.loc[others, ID_USE]):
        return measurements, report
    return settled, validate(settled, raw_suite(limits))


def _verdicts(frame: pd.DataFrame, refused: pd.Series) -> pd.DataFrame:
    """Return 1 for each refused row and 0 for each other, or for each line of them.

    The larger share counts: a broken record may have swallowed many rows, and a single long text
    must not outweigh many broken rows. Rows without text are left out: they are not broken, and
    must not hide that many of the others are.
    """
    frame = frame.drop(index=refused.index[refused == TEXT_PRESENT])
    rows = frame.index.isin(refused.index).astype(np.int8)
    if N_LINES not in frame or not rows.any():
        return pd.DataFrame({IS_REFUSED: rows})
    lines = rows.repeat(frame[N_LINES].to_numpy(dtype=np.int64))
    return pd.DataFrame({IS_REFUSED: max(rows, lines, key=np.mean)})


def _plain(frame: pd.DataFrame, judged: Collection[str | None]) -> pd.DataFrame:
    """Return the frame with nullable counts as floats: masked integers are compared in Python.

    Great Expectations hashes every cell twice. Of a column that no rule is about it sees that it is
    there: its cells are zeros, which takes the least time.
    """
    counts = [name for name, dtype in frame.dtypes.items() if dtype == "Int64" and name in judged]
    unread = dict.fromkeys(frame.columns.difference(list(judged)), np.int8(0))
    return frame.assign(**unread).astype(dict.fromkeys(counts, "float64"))


def _batch_definition() -> BatchDefinition[Any]:
    """Return a project in memory: nothing is written, shown or sent."""
    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(enable=False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    asset = context.data_sources.add_pandas("measurements").add_dataframe_asset("measurements")
    return asset.add_batch_definition_whole_dataframe("all")


def _run(
    frame: pd.DataFrame,
    rules: Iterable[Expectation],
    result_format: dict[str, Any],
    batches: BatchDefinition[Any],
) -> _Results:
    """Evaluate rules; results are by rule id, for Great Expectations returns them in any order."""
    # A rule cannot be added to a second suite, hence the copies.
    suite = gx.ExpectationSuite("run", expectations=[copy.copy(rule) for rule in rules])
    result = batches.get_batch({"dataframe": frame}).validate(suite, result_format=result_format)
    found = ((one.expectation_config, one) for one in result.results)
    return {_rule_id(config): one for config, one in found if config}


def _broken_rows(
    frame: pd.DataFrame, rules: Sequence[Expectation], batches: BatchDefinition[Any]
) -> _Rows:
    """Return all rows that break each of the rules."""
    if not rules:
        return {}
    # Every column passed is hashed, which for ids takes longer than all the rules together.
    columns = list(dict.fromkeys(map(_column, rules)))
    results = _run(frame[columns], rules, _ALL_ROWS, batches)
    return {rule_id: one.result["unexpected_index_list"] for rule_id, one in results.items()}


def _refused(frame: pd.DataFrame, rules: Iterable[Expectation], broken: _Rows) -> pd.DataFrame:
    """Return each row that breaks a rule once: rule_id, severity, reason; index is the row."""
    found: dict[int, list[str]] = {}
    for rule in (rule for rule in rules if _rule_id(rule) in broken):
        claim, rows = (_rule_id(rule), _severity(rule)), broken[_rule_id(rule)]
        for row, reason in zip(rows, _reasons(frame, _meta(rule)["reason"], rows), strict=True):
            found.setdefault(row, [*claim]).append(reason)
    rows = sorted(found)
    refused = [(*found[row][:2], "; ".join(found[row][2:])) for row in rows]
    return pd.DataFrame(
        refused,
        index=pd.Index(rows, dtype="int64"),
        columns=[RULE_ID, SEVERITY, REASON],
        dtype="str",
    )


def _reasons(frame: pd.DataFrame, template: str, rows: list[int]) -> list[str]:
    """Return a reason's template filled with the measurements of rows."""
    names = [name for _, name, _, _ in Formatter().parse(template) if name]
    if not names:
        return [template] * len(rows)
    values = frame.reindex(columns=names).take(rows)
    records = zip(*(values[name].tolist() for name in names), strict=True)
    return [template.format_map(dict(zip(names, record, strict=True))) for record in records]


def _outcome(
    rule: Expectation, results: _Results, positions: pd.Series, broken: _Rows
) -> RuleOutcome:
    """Return what Great Expectations found as an outcome of ours."""
    found, failed = results[_rule_id(rule)], broken.get(_rule_id(rule), [])
    error = _error(found.exception_info)
    n_checked, n_failed = (0, 0) if error else _counts(rule, found.result)
    return RuleOutcome(
        rule_id=_rule_id(rule),
        scope=_meta(rule)["scope"],
        # A rule that cannot be evaluated protects nothing, whatever its own severity says.
        severity="critical" if error else _severity(rule),
        success=bool(found.success) and not error,
        n_checked=n_checked,
        n_failed=n_failed,
        observed="" if error else _observed(_meta(rule), found.result, n_checked, n_failed),
        expected=_meta(rule)["expected"],
        first_positions=tuple(positions.take(failed[:_N_FIRST]).tolist()),
        error=error,
    )


def _error(exception_info: dict[str, Any]) -> str | None:
    """Return the message of what a rule raised; there is one entry for it, or one per metric."""
    entries = [exception_info, *exception_info.values()]
    raised = (e for e in entries if isinstance(e, dict) and e.get("raised_exception"))
    return next((str(entry["exception_message"]) for entry in raised), None)


def _counts(rule: Expectation, result: dict[str, Any]) -> tuple[int, int]:
    """Count the rows that a rule applies to and those that break it; 0, 0 if it counts none."""
    if "unexpected_count" not in result:
        return 0, 0
    # A table rule does not apply to null, and a row rule lets it pass.
    n_missing = result.get("missing_count", 0) if _meta(rule)["scope"] == "table" else 0
    return int(result["element_count"] - n_missing), int(result["unexpected_count"])


def _observed(meta: dict[str, Any], result: dict[str, Any], n_checked: int, n_failed: int) -> str:
    """Return what was found, as words."""
    if n_failed and meta.get("found"):
        return str(meta["found"].format(n_failed=n_failed, n_checked=n_checked))
    if "unexpected_count" in result:
        return f"{n_failed:,} of {n_checked:,} rows, {n_failed / max(n_checked, 1):.1%}"
    if isinstance(result["observed_value"], list):
        missing = result.get("details", {}).get("mismatched", {}).get("missing", [])
        return f"missing {', '.join(sorted(missing))}" if missing else "all are there"
    return f"{int(result['observed_value']):,}"


def _meta(rule: Expectation | ExpectationConfiguration) -> dict[str, Any]:
    """Return what the suite says about a rule."""
    return rule.meta or {}


def _rule_id(rule: Expectation | ExpectationConfiguration) -> str:
    """Return the rule's id."""
    return str(_meta(rule)["rule_id"])


def _column(rule: Expectation) -> str | None:
    """Return the column that a rule is about, if it is about one."""
    return getattr(rule, "column", None)


def _severity(rule: Expectation) -> Severity:
    """Return the rule's severity as a plain string."""
    return rule.severity.value


def _is_last(rule: Expectation) -> bool:
    """Return whether a rule is about what the others refuse."""
    return _column(rule) == IS_REFUSED


def _has_broken_rows(rule: Expectation, results: _Results) -> bool:
    """Return whether a rule is about rows and some break it; one that raised names none."""
    n_failed = results[_rule_id(rule)].result.get("unexpected_count")
    return _meta(rule)["scope"] == "row" and bool(n_failed)
