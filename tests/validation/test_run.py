import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from validation.evaluate import plain
from validation.gx import gx, gxe
from validation.limits import RawLimits
from validation.report import Report
from validation.rules import IS_REFUSED, row_rule, table_rule
from validation.run import Read, validate, validate_raw

Build = Callable[[list[dict[str, Any]]], list[pa.RecordBatch]]


def small(severity: Any = "warning") -> gx.ExpectationSuite:
    """Two rules about numbers; the row rule's column sorts after the table rule's."""
    return gx.ExpectationSuite(
        name="small",
        expectations=[
            gxe.ExpectColumnValuesToBeBetween(
                column="size",
                max_value=9,
                **row_rule("size", "at most 9", "{size:,} is more than 9", severity),
            ),
            gxe.ExpectColumnValuesToNotBeNull(
                column="name", **row_rule("name", "has a name", "no name", severity)
            ),
            gxe.ExpectColumnValuesToBeInSet(
                column=IS_REFUSED,
                value_set=[0],
                mostly=0.5,
                **table_rule("refused_share", "at most half", "critical"),
            ),
        ],
    )


def numbers(sizes: list[int | None], names: list[str | None] | None = None) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "position": np.arange(len(sizes)),
            "size": pd.array(sizes, dtype="Int64"),
            "name": pd.Series(names or ["n"] * len(sizes), dtype="str"),
        }
    )


def validated(frame: pd.DataFrame, suite: gx.ExpectationSuite) -> Report:
    return validate([frame], suite)


def reading(batches: list[pa.RecordBatch]) -> Read:
    return lambda columns: [batch.select(columns) for batch in batches]


def test_all_failing_rows_are_named_however_many() -> None:
    report = validated(numbers([10, 1] * 700), small())
    assert report.refused.position.tolist() == list(range(0, 1_400, 2))
    assert report.outcomes[0].n_failed == 700
    assert report.outcomes[0].first_positions == (0, 2, 4, 6, 8)


def test_a_row_that_breaks_two_rules_is_refused_once_with_both_reasons() -> None:
    report = validated(numbers([1, 1_000, 2, 1], ["a", None, None, "b"]), small())
    assert report.refused.to_dict("records") == [
        {
            "position": 1,
            "rule_id": "size",
            "severity": "warning",
            "reason": "1,000 is more than 9; no name",
        },
        {"position": 2, "rule_id": "name", "severity": "warning", "reason": "no name"},
    ]
    assert [outcome.n_failed for outcome in report.outcomes] == [1, 2, 2]


def test_positions_are_those_of_the_frame_not_of_its_index() -> None:
    frame = numbers([10, 1, 10, 1])[1:].set_index(pd.Index(["x", "x", "y"]))
    assert validated(frame, small()).refused.position.tolist() == [2]


def test_outcomes_come_in_the_order_of_the_suite() -> None:
    report = validated(numbers([1]), small())
    assert [outcome.rule_id for outcome in report.outcomes] == ["size", "name", "refused_share"]


def test_a_null_breaks_no_row_rule_but_is_counted_as_seen() -> None:
    outcome = validated(numbers([None, 1]), small()).outcomes[0]
    assert (outcome.success, outcome.n_checked, outcome.n_failed) == (True, 2, 0)
    assert outcome.observed == "0 of 2 rows, 0.0%"


def test_the_refused_share_counts_each_row_once() -> None:
    report = validated(numbers([10, 1], [None, "a"]), small())
    assert report.outcomes[-1].success
    assert report.outcomes[-1].observed == "1 of 2 rows, 50.0%"
    assert not validated(numbers([10, 1], [None, None]), small()).outcomes[-1].success


@pytest.mark.parametrize(
    ("sizes", "n_lines", "observed"),
    [
        ([10, 1, 1], [7, 1, 1], "7 of 9 rows, 77.8%"),
        ([10, 1, 1], [1, 7, 1], "1 of 3 rows, 33.3%"),
        ([10, 10, 1], [1, 1, 10_000], "2 of 3 rows, 66.7%"),
    ],
)
def test_the_refused_share_is_that_of_rows_or_of_lines_whichever_is_larger(
    sizes: list[int | None], n_lines: list[int], observed: str
) -> None:
    frame = numbers(sizes).assign(n_lines=pd.array(n_lines, dtype="int32"))
    assert validated(frame, small()).outcomes[-1].observed == observed


def test_rows_that_break_a_critical_rule_are_named_too() -> None:
    report = validated(numbers([10, 1]), small("critical"))
    assert report.refused.severity.tolist() == ["critical"]
    (failure,) = report.critical_failures
    assert (failure.rule_id, failure.observed) == ("size", "1 of 2 rows, 50.0%")
    assert failure.first_positions == (0,)


@pytest.mark.parametrize("severity", ["info", "warning", "critical"])
def test_a_rule_that_raises_is_critical_whatever_its_severity(severity: str) -> None:
    report = validated(numbers([10, 1]).drop(columns="name"), small(severity))
    outcome = report.outcomes[1]
    assert (outcome.severity, outcome.success) == ("critical", False)
    assert '"name"' in str(outcome.error)
    assert outcome in report.critical_failures
    assert report.refused.position.tolist() == [0]


def test_a_suite_can_be_run_again() -> None:
    suite = small()
    first, second = (validated(numbers([10, 1, None]), suite) for _ in range(2))
    assert first.to_json() == second.to_json()
    pd.testing.assert_frame_equal(first.refused, second.refused)


def test_a_suite_that_is_kept_elsewhere_can_be_run() -> None:
    suite = gx.get_context(mode="ephemeral").suites.add(small())
    assert validated(numbers([10]), suite).refused.position.tolist() == [0]


def test_a_suite_without_a_limit_on_refusals_can_be_run() -> None:
    rules = [rule for rule in small().expectations if getattr(rule, "column", "") != IS_REFUSED]
    report = validated(numbers([10]), gx.ExpectationSuite(name="open", expectations=rules))
    assert [outcome.rule_id for outcome in report.outcomes] == ["size", "name"]


def test_a_table_without_rows_can_be_judged() -> None:
    report = validated(numbers([]), small())
    assert (report.n_rows, len(report.refused)) == (0, 0)
    assert all(outcome.success for outcome in report.outcomes)


def test_no_refused_row_means_an_empty_table_of_the_same_columns() -> None:
    good, bad = (validated(numbers([size] * 3), small()).refused for size in (1, 10))
    assert good.empty
    assert good.dtypes.to_dict() == bad.dtypes.to_dict()


def test_the_measurements_are_left_as_they_were() -> None:
    frame = numbers([10, None], [None, "a"])
    before = frame.copy(deep=True)
    validated(frame, small())
    pd.testing.assert_frame_equal(frame, before)


def test_frames_are_judged_as_one_night() -> None:
    whole = numbers([10, 1, None, 10, 1, 1, 10], ["a", None, "b", None, "c", "d", "e"])
    whole = whole.assign(position=np.arange(7) * 2, n_lines=[1, 5, 1, 1, 1, 1, 2])
    parts = validate([whole[:3], whole[3:4], whole[4:4], whole[4:]], small())
    assert parts.to_json() == validated(whole, small()).to_json()
    assert parts.refused.equals(validated(whole, small()).refused)
    assert parts.outcomes[0].first_positions == (0, 6, 12)


def test_a_share_is_that_of_the_night_and_not_of_a_frame() -> None:
    parts = validate([numbers([10, 10]), numbers([1, 1])], small())
    assert parts.outcomes[-1].success
    assert not validate([numbers([10, 10, 10]), numbers([1, 1])], small()).outcomes[-1].success


def test_a_corrected_row_takes_the_id_of_a_refused_one(
    raw_batches: Build, raw_limits: RawLimits
) -> None:
    rows = [
        {"doc_id": "a", "text": "x y", "timestamp": "31/31/20xx"},
        {"doc_id": "a", "text": "x y"},
        {"doc_id": "a", "text": "x y"},
        {"doc_id": "b", "text": "lorem " * 50_000},
        {"doc_id": "b", "text": "short"},
        {"doc_id": "b", "text": "other", "n_lines": 3},
    ]
    report = validate_raw(reading(raw_batches([*rows, *[{}] * 9])), raw_limits)
    assert report.refused[["position", "rule_id", "reason"]].to_numpy().tolist() == [
        [
            0,
            "date_parses",
            "timestamp '31/31/20xx' is no date that can only mean one day; set `date_format` or"
            " `day_first` under [ingest]",
        ],
        [3, "text_length", "300,000 characters; at most 200,000 are allowed"],
        [5, "id_unique", "id 'b' belongs to an earlier row with another text"],
    ]
    found = {outcome.rule_id: outcome for outcome in report.outcomes}
    assert found["repeat_share"].observed == "1 of 13 rows, 7.7%"
    assert found["refused_share"].observed == "5 of 17 rows, 29.4%"


def test_ids_stay_as_measured_where_no_good_row_loses_by_it(
    raw_batches: Build, raw_limits: RawLimits
) -> None:
    rows = [{"doc_id": "a"}, {"doc_id": "a", "text": "b c", "timestamp": "x"}, *[{}] * 9]
    report = validate_raw(reading(raw_batches(rows)), raw_limits)
    (refused,) = report.refused.to_dict("records")
    assert (refused["position"], refused["rule_id"]) == (1, "date_parses")
    assert str(refused["reason"]).endswith("; id 'a' belongs to an earlier row with another text")


def test_the_json_of_a_report_is_the_same_every_time(
    raw_batches: Build, raw_limits: RawLimits
) -> None:
    read = reading(raw_batches([{"doc_id": None}, {"timestamp": "x"}, {"text": " "}, *[{}] * 20]))
    texts = {validate_raw(read, raw_limits).to_json() for _ in range(3)}
    assert len(texts) == 1
    content = json.loads(texts.pop())
    assert content["refused_by_rule"] == {"id_present": 1, "text_present": 1, "date_parses": 1}


@pytest.mark.slow
def test_a_check_prints_writes_and_sends_nothing(tmp_path: Path) -> None:
    code = (
        "import pandas as pd\n"
        "from datetime import date\n"
        "from validation.limits import RawLimits\n"
        "import socket, sys\n"
        "socket.socket.connect = None\n"
        "assert 'great_expectations' not in sys.modules\n"
        "from validation.run import validate_raw\n"
        "validate_raw(lambda _: [], RawLimits(night=date(2026, 11, 24)))\n"
        "assert not {'sqlalchemy', 'botocore'} & sys.modules.keys()\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


def test_a_column_without_a_rule_changes_nothing_and_is_not_hashed() -> None:
    frame = pd.DataFrame({"position": [0, 1], "size": [10, 1], "name": ["a", None]})
    more = frame.assign(other=["long", None], count=pd.array([None, 3], "Int64"))
    found, expected = validated(more, small()), validated(frame, small())
    assert found.to_json() == expected.to_json()
    assert found.refused.equals(expected.refused)
    assert plain(more, {"size", "name"})[["other", "count"]].to_numpy().tolist() == [[0, 0]] * 2
