"""Verdicts and tables on their way into the store."""

import json
from collections.abc import Iterator

import pandas as pd
import pyarrow as pa
import pytest

from tasks.preparing.checks import REFUSED, Verdict
from tasks.preparing.keep import keep_parts, keep_verdict
from tasks.store.storage import Store, read_table
from validation.report import DataValidationError, Report, RuleOutcome, Severity

ROW = {
    "position": 4,
    "file": "a.csv",
    "row": 5,
    "rule_id": "r",
    "severity": "s",
    "reason": "why",
    "raw": "x",
}


def verdict(severity: Severity) -> Verdict:
    outcome = RuleOutcome(
        rule_id="r", scope="row", severity=severity, success=False, n_checked=9, n_failed=1,
        observed="1 of 9", expected="none",
    )  # fmt: skip
    refused = pd.DataFrame(
        [(4, "r", "s", "why")], columns=["position", "rule_id", "severity", "reason"]
    )
    return Verdict(Report("raw", 9, (outcome,), refused), pa.Table.from_pylist([ROW], REFUSED))


def test_a_verdict_is_kept_as_a_table_and_as_json(store: Store) -> None:
    refused, results = keep_verdict(store, "check raw", verdict("warning"))
    assert (refused.rows, read_table(store, refused).to_pylist()) == (1, [ROW])
    kept = json.loads(store.resolve(results).read_text())
    assert (kept["suite"], kept["n_refused"], kept["outcomes"][0]["rule_id"]) == ("raw", 1, "r")


def test_a_critical_verdict_is_kept_and_its_error_points_at_the_rows(store: Store) -> None:
    with pytest.raises(DataValidationError, match="feed 'reviews' fails the raw check") as raised:
        keep_verdict(store, "check raw", verdict("critical"))
    (table,) = store.state.glob("stages/check/*.parquet")
    assert str(raised.value).endswith(f"a.csv row 5: r, why; all of them: {table}")
    assert len(list(store.state.glob("stages/check/*.json"))) == 1


def test_parts_are_written_to_their_tables(store: Store) -> None:
    schemas = {name: pa.schema([pa.field(name, pa.int64())]) for name in "ab"}
    parts = [
        {"a": pa.table({"a": [1, 2]}), "b": pa.table({"b": [9]})},
        {"a": pa.table({"a": [3]})},
    ]
    refs = keep_parts(store, "made", schemas, parts)
    assert read_table(store, refs["a"])["a"].to_pylist() == [1, 2, 3]
    assert read_table(store, refs["b"])["b"].to_pylist() == [9]
    assert keep_parts(store, "made", schemas, []).keys() == schemas.keys()


def test_nothing_is_left_of_parts_that_fail(store: Store) -> None:
    def failing() -> Iterator[dict[str, pa.Table]]:
        yield {"a": pa.table({"a": [1]})}
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        keep_parts(store, "made", {"a": pa.schema([pa.field("a", pa.int64())])}, failing())
    assert [path for path in store.state.rglob("*") if path.is_file()] == []
