"""How the stages of this room keep what their work returns.

Reads  nothing
Writes refused rows (REFUSED), results as JSON, tables batch by batch
"""

from collections.abc import Iterable, Mapping
from contextlib import ExitStack

import pyarrow as pa

from tasks.frame.show import show_table
from tasks.preparing.checks import Verdict
from tasks.store.storage import Ref, Store, TableWriter, keep_bytes, keep_table


def keep_verdict(store: Store, name: str, verdict: Verdict) -> tuple[Ref, Ref]:
    """Keep what a check found, and show it as a table in the UI.

    Returns
    -------
    The refused rows, and what every rule found as JSON.

    Raises
    ------
    DataValidationError
        If a critical rule fails; both are kept all the same.
    """
    refused = keep_table(store, "check", verdict.refused)
    outcomes = verdict.report.outcomes
    rows = [
        {
            "rule": outcome.rule_id,
            "severity": outcome.severity,
            "passed": outcome.success,
            "found": outcome.error or outcome.observed,
            "expected": outcome.expected,
        }
        for outcome in outcomes
    ]
    n_failed = sum(not outcome.success for outcome in outcomes)
    show_table(name, rows, f"{name}: {n_failed} of {len(rows)} rules failed")
    results = keep_bytes(store, "check", verdict.report.to_json().encode(), ".json")
    verdict.require_sound(store.feed, str(store.resolve(refused)))
    return refused, results


def keep_parts(
    store: Store,
    stage: str,
    schemas: Mapping[str, pa.Schema],
    parts: Iterable[Mapping[str, pa.Table]],
) -> dict[str, Ref]:
    """Write several tables at once, part by part, so that memory stays flat.

    Parameters
    ----------
    store, stage
        Where the tables belong.
    schemas
        Schema of each table, by its name.
    parts
        Rows to add to tables, by their name.
    """
    with ExitStack() as stack:
        writers = {
            name: stack.enter_context(TableWriter(store, stage, schema))
            for name, schema in schemas.items()
        }
        for part in parts:
            for name, rows in part.items():
                writers[name].write(rows)
    return {name: writer.ref for name, writer in writers.items()}
