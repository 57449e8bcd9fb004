from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest

from validation.limits import PreparedLimits, RawLimits
from validation.tables.stage_schemas import CANDIDATES, RAW_ROWS

NIGHT = date(2026, 11, 24)

Build = Callable[[list[dict[str, Any]]], list[pa.RecordBatch]]


@pytest.fixture
def raw_limits() -> RawLimits:
    return RawLimits(night=NIGHT)


@pytest.fixture
def prepared_limits() -> PreparedLimits:
    return PreparedLimits(night=NIGHT, max_chars=1_000, n_read=10, n_refused_before=0)


@pytest.fixture
def raw_batches() -> Build:
    """Build raw rows; what a row does not say is good."""

    def build(rows: list[dict[str, Any]]) -> list[pa.RecordBatch]:
        filled = [
            {
                "file": "feed.jsonl",
                "row": number,
                "doc_id": f"id-{number}",
                "text": f"good text number {number}",
                "timestamp": "2012-05-18T11:04:31Z",
                "source": "feed",
                "raw": "{}",
                **row,
            }
            for number, row in enumerate(rows, start=1)
        ]
        return pa.Table.from_pylist(filled, schema=RAW_ROWS).to_batches(max_chunksize=7)

    return build


@pytest.fixture
def document_batches() -> Build:
    """Build documents; what a row does not say is good."""

    def build(rows: list[dict[str, Any]]) -> list[pa.RecordBatch]:
        filled = [
            {
                "doc_id": f"id-{number}",
                "text": f"good text number {number}",
                "text_digest": f"{number:064x}",
                "timestamp": datetime(2012, 5, 18, tzinfo=UTC),
                "source": "feed",
                "is_truncated": False,
                "position": number - 1,
                **row,
            }
            for number, row in enumerate(rows, start=1)
        ]
        return pa.Table.from_pylist(filled, schema=CANDIDATES).to_batches(max_chunksize=7)

    return build
