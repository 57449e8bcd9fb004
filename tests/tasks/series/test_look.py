"""Whatever a row holds, it comes out as a row: measured, or with its problem; and rules refuse it."""

import json
from functools import partial
from typing import Any

import pyarrow as pa
import pytest

from tasks.preparing.checks import CheckSettings, judge_raw
from tasks.reading.raw_feed import RawFeed
from tasks.series.look import limits_of, look_at_series
from tasks.series.prepare import from_npy
from tasks.series.settings import SeriesSettings
from tasks.store.storage import Store, keep_table, read_batches, read_table
from validation.items.series_rules import series_rules
from validation.tables.stage_schemas import RAW_ROWS
from validation.usual import UsualNight

SETTINGS = SeriesSettings()
SOUND = [0.0, 1, 0, 2, 0, 3, 0, 4, 0, 5]
STEADY = list(range(10))


def raw_row(number: int, text: str | None) -> dict[str, Any]:
    raw = json.dumps({"id": str(number), "series": text, "hall": "north"})
    row = {"file": "series", "row": number, "doc_id": str(number), "text": text, "raw": raw}
    return {**dict.fromkeys(RAW_ROWS.names), **row, "source": "series", "n_lines": 1}


def series(values: list[Any], times: list[Any] | None = None) -> str:
    return json.dumps({"times": times or [], "values": {"x": values}, "in_order": True})


SPOILT = {
    "series_found": "!series_found!the row says of no series",
    "series_time_read": series(SOUND, ["now"] * 10),
    "series_time": series(SOUND, [*STEADY[:5], *STEADY[:5]]),
    "series_length": series(SOUND[:5]),
    "series_missing": series([*SOUND[:5], *[None] * 5]),
    "series_gap": series(SOUND, [*STEADY[:9], 99]),
    "series_constant": series([7.0] * 10),
}


def test_every_way_to_be_spoilt_has_its_rule(store: Store) -> None:
    texts = [series(SOUND), *SPOILT.values(), series(SOUND, STEADY)]
    rows = [raw_row(number, text) for number, text in enumerate(texts)]
    kept = keep_table(store, "made", pa.Table.from_pylist(rows, schema=RAW_ROWS))
    raw = RawFeed(
        rows=kept, columns={"series": {"text": "series", "doc_id": "id"}}, metadata_types={}
    )
    looked = look_at_series.fn(store, raw, SETTINGS)
    limits = CheckSettings(max_refused_share=1.0).raw_limits(store.night, UsualNight())
    read = partial(read_batches, store, looked.raw.rows)
    judged = judge_raw(read, limits, series_rules(limits_of(SETTINGS))).refused.to_pylist()
    refused = {json.loads(it["raw"])["id"]: it["rule_id"] for it in judged}
    assert refused == {str(number): rule for number, rule in enumerate(SPOILT, 1)}
    contents = read_table(store, looked.contents).to_pylist()
    found = read_table(store, looked.raw.rows).to_pylist()
    assert found[0]["text_digest"] == found[-1]["text_digest"] == contents[0]["text_digest"]
    assert from_npy(contents[0]["content"]).shape == (10, 1)
    told = json.loads(found[0]["raw"])
    assert told == {"n_steps": 10, "n_channels": 1, "id": "0", "hall": "north"}


@pytest.mark.parametrize("text", [None, "!row_parses!broken"])
def test_rows_without_a_series_stay_rows(text: str | None, store: Store) -> None:
    kept = keep_table(store, "made", pa.Table.from_pylist([raw_row(1, text)], schema=RAW_ROWS))
    raw = RawFeed(rows=kept, columns={}, metadata_types={})
    looked = look_at_series.fn(store, raw, SETTINGS)
    assert read_table(store, looked.raw.rows).num_rows == 1
    assert read_table(store, looked.contents).num_rows == 0
