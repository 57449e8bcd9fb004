"""Have Great Expectations judge a frame of measurements."""

from collections.abc import Collection, Iterable, Sequence
from string import Formatter
from typing import Any, Final

import numpy as np
import pandas as pd

from validation.gx import (
    BatchDefinition,
    Expectation,
    ExpectationValidationResult,
    ProgressBarsConfig,
    gx,
)
from validation.tally import column_of, meta, rule_id, scope

_BRIEF: Final[dict[str, Any]] = {"result_format": "BASIC", "partial_unexpected_count": 0}
# Complete means complete only here: SUMMARY ends at 20 rows. Naming an index column, or leaving
# the query on, would cost a hundred times as much.
_ALL_ROWS: Final[dict[str, Any]] = {
    "result_format": "COMPLETE",
    "partial_unexpected_count": 0,
    "return_unexpected_index_query": False,
}

Results = dict[str, ExpectationValidationResult]
Batches = BatchDefinition[Any]


def batch_definition() -> Batches:
    """Return a project in memory: nothing is written, shown or sent."""
    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(enable=False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    asset = context.data_sources.add_pandas("measurements").add_dataframe_asset("measurements")
    return asset.add_batch_definition_whole_dataframe("all")


def evaluate(
    frame: pd.DataFrame, rules: Sequence[Expectation], batches: Batches
) -> tuple[Results, dict[str, list[int]]]:
    """Evaluate rules on a frame.

    Parameters
    ----------
    frame
        Measurements, numbered from 0.
    rules
        Of a suite.
    batches
        See `batch_definition`.

    Returns
    -------
    What was found, by rule id, and the rows that break each row rule that some rows break.
    """
    judged = plain(frame, {column_of(rule) for rule in rules})
    results = _run(judged, rules, _BRIEF, batches)
    to_name = [rule for rule in rules if _has_broken_rows(rule, results)]
    return results, _broken_rows(judged, to_name, batches)


def plain(frame: pd.DataFrame, judged: Collection[str | None]) -> pd.DataFrame:
    """Return the frame as it is judged soonest.

    Masked integers are compared in Python, so they become floats. Great Expectations hashes every
    cell twice, and each distinct one of a category once. Of a column that no rule is about it sees
    that it is there: its cells are zeros.
    """
    types = {name: _PLAIN.get(str(dtype)) for name, dtype in frame.dtypes.items() if name in judged}
    unread = dict.fromkeys(frame.columns.difference(list(judged)), np.int8(0))
    return frame.assign(**unread).astype({name: kind for name, kind in types.items() if kind})


_PLAIN: Final = {"Int64": "float64", "str": "category"}


def reasons(template: str, frame: pd.DataFrame) -> list[str]:
    """Return a reason's template filled with the measurements of each row."""
    names = [name for _, name, _, _ in Formatter().parse(template) if name]
    if not names:
        return [template] * len(frame)
    values = frame.reindex(columns=names)
    records = zip(*(values[name].tolist() for name in names), strict=True)
    return [template.format_map(dict(zip(names, record, strict=True))) for record in records]


def _run(
    frame: pd.DataFrame,
    rules: Iterable[Expectation],
    result_format: dict[str, Any],
    batches: Batches,
) -> Results:
    """Evaluate rules; results are by rule id, for Great Expectations returns them in any order."""
    # A rule cannot be added to a second suite, hence the copies; a deep one takes its suite along.
    copies = [rule.copy(update={"id": None}) for rule in rules]
    suite = gx.ExpectationSuite("run", expectations=copies)
    result = batches.get_batch({"dataframe": frame}).validate(suite, result_format=result_format)
    found = ((one.expectation_config, one) for one in result.results)
    return {rule_id(config): one for config, one in found if config}


def _broken_rows(
    frame: pd.DataFrame, rules: Sequence[Expectation], batches: Batches
) -> dict[str, list[int]]:
    """Return all rows that break each of the rules."""
    if not rules:
        return {}
    # Every column passed is hashed, which takes longer than the rules themselves.
    columns = list(dict.fromkeys(map(column_of, rules)))
    results = _run(frame[columns], rules, _ALL_ROWS, batches)
    return {name: one.result["unexpected_index_list"] for name, one in results.items()}


def _has_broken_rows(rule: Expectation, results: Results) -> bool:
    """Return whether a rule is about rows and some break it; one that raised names none."""
    n_failed = results[rule_id(rule)].result.get("unexpected_count")
    return scope(rule) == "row" and bool(n_failed)


def reason_template(rule: Expectation) -> str:
    """Return the template of the reason for which a row rule refuses a row."""
    return str(meta(rule)["reason"])
